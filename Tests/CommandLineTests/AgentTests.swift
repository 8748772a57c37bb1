import Certificates
import Files
import Foundation
import HTTP
import Synchronization
import TestSources
import TestSupport
import Testing
import ThrowawayEtcd

/// `bulkhead agent` as a process: stopped, killed, and queried over HTTP.
@Suite(.timeLimit(.minutes(30))) struct AgentTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func configuration(_ double: SourceDouble, more: String = "") throws -> String {
    """
    apiVersion: bulkhead/v1
    kind: Agent
    source:
      vault:
        address: \(double.url)
        ca: \(double.authority)
        pki: {role: calico}
        auth: {token: {}}
    certificates:
      - identity: felix.${NODE}
        directory: out
    etcdCA: \(double.authority)
    \(more)

    """
  }

  private let environment = ["NODE": "node-1", "VAULT_TOKEN": "root-token"]

  @Test func itRunsUntilItIsStoppedAndReportsItsState() async throws {
    try await SourceDouble.with { double in
      double.state.withLock { $0.allowed = ["calico": ["felix.node-1"]] }
      double.fail(.status(503))
      let port = try #require(try FreePorts.take(1).first)
      let agent = try Running(
        agent: configuration(double, more: "listen: 127.0.0.1:\(port)"), in: folder.path,
        environment: environment)
      func get(_ path: String) async throws -> (Int, String) {
        let address = try #require(WebAddress("http://127.0.0.1:\(port)\(path)"))
        let response = try await Client().send(.get, to: address)
        return (response.status.code, String(decoding: response.body, as: UTF8.self))
      }
      try await wait(for: agent) { agent.output.contains("answers 503") }
      #expect(try await get("/live").0 == 200)
      #expect(try await get("/ready") == (503, "no usable certificate for felix.node-1\n"))
      double.fail(nil)
      agent.send(SIGHUP)
      try await wait(for: agent) { agent.output.contains("a new certificate is in place") }
      try await wait { (try? pair(in: folder.path + "/out")) != nil }
      var ready = 0
      for _ in 0..<100 where ready != 200 {
        ready = try await get("/ready").0
        try await Task.sleep(for: .milliseconds(100))
      }
      #expect(ready == 200)
      agent.send(SIGUSR1)
      try await wait(for: agent) { agent.output.contains("reason=requested") }
      let metrics = try await get("/metrics").1
      #expect(metrics.contains("bulkhead_agent_certificate_ready_status{identity=\"felix.node-1\"} 1\n"))
      #expect(
        metrics.contains("bulkhead_agent_renewals_total{identity=\"felix.node-1\",result=\"success\"} 2\n"))
      #expect(try await agent.end() == 0)
      #expect(!agent.output.contains("root-token"))
      #expect(!agent.output.contains("PRIVATE KEY"))

      // After a restart it requests nothing; a probe reports that all certificates are valid.
      let again = try Running(agent: configuration(double), in: folder.path, environment: environment)
      try await Task.sleep(for: .seconds(1))
      #expect(try await again.end() == 0)
      #expect(double.issued == ["felix.node-1", "felix.node-1"])
      let path = folder.path
      let check = try await aside { [environment] in
        try Program.run(
          Program.path, ["agent", "--config", "agent.yaml", "--check", "--output", "json"], in: path,
          environment: environment)
      }
      #expect(check.code == 0)
      #expect(check.out.contains("\"state\" : \"good\""))
    }
  }

  @Test func onceWorksInInitContainers() async throws {
    try await SourceDouble.with { double in
      try AtomicFile.write(Array(configuration(double).utf8), to: folder.path + "/agent.yaml")
      let path = folder.path
      func once(_ arguments: String...) async throws -> Program.Outcome {
        try await aside { [environment] in
          try Program.run(
            Program.path, ["agent", "--config", "agent.yaml"] + arguments, in: path, environment: environment)
        }
      }
      #expect(try await once("--check").code == 1)
      // The role does not allow it.
      let refused = try await once("--once")
      #expect(refused.code == 1)
      #expect(refused.error.contains("common name felix.node-1 not allowed by this role"))
      #expect(try await once("--once", "--check").code == 64)
      double.state.withLock { $0.allowed = ["calico": ["felix.node-1"]] }
      let got = try await once("--once")
      #expect(got.code == 0)
      #expect(got.out.hasPrefix("felix.node-1  renewed  until 20"))
      #expect(try await once("--once").out.hasPrefix("felix.node-1  good  until 20"))
      #expect(double.issued == ["felix.node-1"])
    }
  }

  /// At whatever moment it is killed, a complete pair is in place, no key was ever readable by others, and
  /// the next run completes what was left: temporary files, the copy, the command after a change.
  @Test func killedAtAnyMomentItLeavesACompletePair() async throws {
    let authority = try Authority.create(name: "ca", lifetime: .seconds(86_400), now: Date())
    let path = folder.path
    try Directory.create(path + "/in/felix")
    func issue() throws {
      let new = try authority.issue(client: "felix", lifetime: .seconds(3_600), now: Date())
      try AtomicFile.write(
        [
          NewFile(name: "etcd-key", bytes: Array(new.key.secretPEM().utf8), mode: 0o600),
          NewFile(name: "etcd-cert", bytes: Array(new.certificatePEM.utf8), mode: 0o644),
          NewFile(name: "etcd-ca", bytes: Array(authority.certificatePEM.utf8), mode: 0o644),
        ], in: path + "/in/felix")
    }
    let configuration = """
      apiVersion: bulkhead/v1
      kind: Agent
      source: {directory: {path: in}}
      certificates:
        - identity: felix
          directory: out
          keyMode: 0640
          group: 4711
          cniCopy: calico-tls
          afterChange: {command: [/bin/sh, -c, 'printf x >> \(path)/log']}

      """
    try issue()
    let begin = ContinuousClock.now
    let first = try Running(agent: configuration, in: path)
    try await wait(for: first) { (try? pair(in: path + "/out")) != nil }
    // The kills are spread over one and a half times the duration of a run on this machine.
    let microseconds = Double((ContinuousClock.now - begin) / .microseconds(1)) * 1.5 / 40
    _ = try await first.end()
    var changes = Set([try pair(in: path + "/out").facts.fingerprint])
    for round in 0..<40 {
      try issue()
      let agent = try Running(agent: configuration, in: path)
      try await aside {
        usleep(UInt32(min(microseconds * Double(round + 1), 3_000_000)))
        agent.send(SIGKILL)
        agent.process.waitUntilExit()
      }
      changes.insert(try pair(in: path + "/out").facts.fingerprint)
      let files = try #require(FileManager.default.enumerator(atPath: path + "/out"))
      for case let name as String in files {
        let file = "\(path)/out/\(name)"
        guard let text = try? FileContents.readText(file), text.contains("PRIVATE KEY") else { continue }
        #expect(try FileContents.mode(of: file) & 0o007 == 0, "\(name)")
      }
    }
    // Not all were killed before their first change.
    #expect(changes.count > 1)
    let announced = try FileContents.readIfPresent(path + "/log")?.count ?? 0
    try issue()
    let last = try Running(agent: configuration, in: path)
    let newest = try pair(in: path + "/in/felix").facts.fingerprint
    try await wait(for: last) { (try? pair(in: path + "/out"))?.facts.fingerprint == newest }
    try await wait { (try? pair(in: path + "/calico-tls"))?.facts.fingerprint == newest }
    try await wait(for: last) { try FileContents.read(path + "/log").count > announced }
    #expect(try await last.end() == 0)
    let names = try FileManager.default.contentsOfDirectory(atPath: path + "/out")
    #expect(names.count == 5, "\(names)")
  }
}
