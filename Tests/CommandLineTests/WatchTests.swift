import Etcd
import Foundation
import HTTP
import TestClusters
import TestSupport
import Testing
import ThrowawayEtcd

/// `bulkhead watch` as a process.
@Suite(.serialized, .startsEtcd, .realEtcd, .timeLimit(.minutes(10))) struct WatchTests {
  private func etcd() async throws -> SharedEtcd { try await SharedEtcd("watch") }

  /// A watch that serves metrics at a free port.
  private struct Watch {
    let running: Running
    let port: Int

    init(_ etcd: SharedEtcd, _ arguments: [String]) async throws {
      running = try Running(
        ["watch", "--listen", "127.0.0.1:0", "--interval", "1s"] + arguments, in: etcd.folder.path)
      var found: Int?
      let program = running
      try await wait(for: program) {
        found = (program.output.firstMatch(of: /metrics at http:\/\/127\.0\.0\.1:([0-9]+)\/metrics/)?.1)
          .flatMap { Int($0) }
        return found != nil
      }
      port = try #require(found)
    }

    func get(_ path: String) async throws -> (Int, String) {
      let address = try #require(WebAddress("http://127.0.0.1:\(port)\(path)"))
      let response = try await Client().send(.get, to: address)
      return (response.status.code, String(decoding: response.body, as: UTF8.self))
    }

    /// The values of the metrics by name and labels.
    func metrics() async throws -> [String: Double] {
      var values: [String: Double] = [:]
      for line in try await get("/metrics").1.split(separator: "\n") where !line.hasPrefix("#") {
        guard let space = line.lastIndex(of: " ") else { continue }
        values[String(line[..<space])] = Double(line[line.index(after: space)...])
      }
      return values
    }

    /// Waits until the metrics are so.
    func until(_ what: String, _ isSo: ([String: Double]) -> Bool) async throws -> [String: Double] {
      var last: [String: Double] = [:]
      let happened = try await eventually(within: .seconds(120)) {
        last = try await metrics()
        return isSo(last)
      }
      #expect(happened, "\(what): \(last)\n\(running.output)")
      return last
    }
  }

  @Test func onceTellsByItsExitCode() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    let drift = try etcd.expect(2, "watch", "--once", "--output", "json")
    let state = try etcd.json(drift)
    #expect(state["changes"] as? Int ?? 0 > 0 && state["needsAction"] as? Bool == true, "\(drift.all)")
    try etcd.expect(0, "apply")
    let clean = try etcd.expect(0, "watch", "--once")
    #expect(clean.out.contains("\(etcd.name): as in the file, 1 of 1 member"), "\(clean.all)")
    // The file replaced by one whose cluster does not answer.
    let file = "\(etcd.folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacingOccurrences(of: "\(etcd.cluster.etcd.endpoints[0])", with: "https://127.0.0.1:1").write(
      toFile: file, atomically: true, encoding: .utf8)
    let unknown = try etcd.expect(1, "watch", "--once", "--timeout", "2")
    #expect(unknown.out.contains("not known"), "\(unknown.all)")
    for wrong in [
      ["--interval", "0s"], ["--interval", "soon"], ["--verify-every", "5s"], ["--nodes", "-"],
      ["--listen", "x"],
      ["--once", "--on-change", "/bin/true"],
    ] {
      #expect(try Program.run(Program.path, ["watch"] + wrong, in: etcd.folder.path).code == 64, "\(wrong)")
    }
  }

  /// The calls of a look do not depend on the number of users, whether or not something differs.
  @Test func anUnchangedClusterCostsTheSameFewCalls() async throws {
    let etcd = try await etcd()
    let cluster = etcd.cluster
    func calls() async throws -> Double {
      try await Metrics.read(from: cluster.etcd.endpoints[0], as: try cluster.credentials(of: "root")).values
        .filter { $0.key.hasPrefix("grpc_server_started_total{") }.values.reduce(0, +)
    }
    func perLook(_ watch: Watch) async throws -> Double {
      func looks(_ metrics: [String: Double]) -> Double {
        metrics[#"bulkhead_watch_looks_total{result="success"}"#] ?? 0
      }
      let first = try await watch.until("two looks") { looks($0) >= 2 }
      let before = try await calls()
      let last = try await watch.until("five looks more") { looks($0) >= looks(first) + 5 }
      // A look may be under way at either end.
      let full = last["bulkhead_watch_full_reads_total"]
      #expect(full == first["bulkhead_watch_full_reads_total"])
      return (try await calls() - before) / (looks(last) - looks(first))
    }
    var counts: [Double] = []
    for number in [1, 60] {
      try etcd.write((1...number).map { ("u\($0)", "{key: /u\($0), access: read}") })
      try etcd.expect(0, "apply", "--yes")
      let watch = try await Watch(etcd, [])
      counts.append(try await perLook(watch))
      // With a difference that stays, nothing is read again either.
      try await cluster.etcdctl("role", "grant-permission", etcd.user("u1"), "read", "/drift-\(number)")
      _ = try await watch.until("the drift") {
        $0[#"bulkhead_pending_changes{cluster="\#(etcd.name)"}"#] == 1
      }
      counts.append(try await perLook(watch))
      #expect(try await watch.running.end() == 0)
    }
    #expect(counts.allSatisfy { $0 <= 12 }, "\(counts)")
  }

  @Test func aChangeIsReportedOnceAndRunsAProgram() async throws {
    let etcd = try await etcd()
    try etcd.write([("a", "{prefix: /a/, access: readwrite}")])
    try etcd.expect(0, "apply")
    _ = try etcd.cluster.credentials(of: etcd.user("a"))
    let program = "\(etcd.folder.path)/told"
    try "#!/bin/sh\ncat >>\"$(dirname \"$0\")/events\"\n".write(
      toFile: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
    let watch = try await Watch(
      etcd, ["--on-change", program, "--verify-every", "1d", "--accept", "CVE-2026-33343"])
    let drift = #"bulkhead_drift{cluster="\#(etcd.name)",kind="foreign user",left="1"}"#
    let first = try await watch.until("a look") { $0["bulkhead_watch_last_success_timestamp_seconds"] != nil }
    #expect(first[#"bulkhead_authentication_enabled{cluster="\#(etcd.name)"}"#] == 1)
    #expect(first[#"bulkhead_members{cluster="\#(etcd.name)",reach="reachable"}"#] == 1)
    for path in ["/live", "/ready"] { #expect(try await watch.get(path).0 == 200) }

    try await etcd.cluster.etcdctl("user", "add", etcd.user("intruder"), "--no-password")
    try await etcd.cluster.etcdctl("user", "grant-role", etcd.user("intruder"), "root")
    let after = try await watch.until("the intruder") {
      $0[#"bulkhead_attention_users{cluster="\#(etcd.name)"}"#] ?? 0 >= 1
    }
    #expect(after[drift] ?? 0 >= 1)
    func events() -> [String] {
      ((try? String(contentsOfFile: "\(etcd.folder.path)/events", encoding: .utf8)) ?? "").split(
        separator: "\n"
      )
      .map(String.init)
    }
    #expect(try await eventually { events().contains { $0.contains("intruder") } }, "\(events())")
    let looks = after[#"bulkhead_watch_looks_total{result="success"}"#] ?? 0
    let later = try await watch.until("more looks") {
      $0[#"bulkhead_watch_looks_total{result="success"}"#] ?? 0 > looks + 3
    }
    #expect(events().count { $0.contains("user \(etcd.user("intruder"))") } <= 2, "\(events())")

    // Each metric of the alerts and of the dashboard exists.
    let names = Set(later.keys.map { String($0.prefix { $0 != "{" }) })
    for file in ["alerts.yaml", "dashboard.json"] {
      let text = try String(contentsOfFile: "\(Program.root)/Examples/watch/\(file)", encoding: .utf8)
      let used = Set(
        text.matches(of: /bulkhead_[a-z_]+/).map { String($0.0) }.filter { !$0.hasSuffix("_") })
      #expect(used.count > 8)
      #expect(used.subtracting(names) == [], "\(file)")
    }
    #expect(names.contains("bulkhead_certificate_expiration_timestamp_seconds"))
    try await etcd.cluster.etcdctl("user", "delete", etcd.user("intruder"))
    #expect(try await watch.running.end() == 0)
  }

  @Test func theDashboardIsJSON() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(Program.root)/Examples/watch/dashboard.json"))
    let dashboard = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let panels = try #require(dashboard["panels"] as? [[String: Any]])
    #expect(panels.count > 10)
    #expect(Set(panels.compactMap { $0["id"] as? Int }).count == panels.count)
  }
}
