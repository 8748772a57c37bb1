import Certificates
import Etcd
import Foundation
import Keyspace
import TestSupport
import Testing
import ThrowawayEtcd

/// `bulkhead certs` as users run it, and killed at any moment.
@Suite(.serialized, .timeLimit(.minutes(30))) struct CertificateLifeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bulkhead(_ arguments: String...) async throws -> Program.Outcome {
    try await run(Program.path, arguments)
  }

  /// Not on one of the few threads that run tasks: other tests wait for their servers on these.
  private func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:]
  ) async throws -> Program.Outcome {
    let path = folder.path
    return try await aside { try Program.run(program, arguments, in: path, environment: environment) }
  }

  /// Creates a file with this many calicoctl users, and an authority.
  private func begin(users: Int) async throws {
    let users = (0..<users).flatMap { ["--calicoctl", "user-\($0)=read-only"] }
    let begun = try await run(
      Program.path,
      ["init", "--cluster", "test", "--endpoint", "https://127.0.0.1:2379", "--ca", "etcd-ca.crt"] + users,
    )
    try #require(begun.code == 0, "\(begun.error)")
    try #require(await bulkhead("certs", "authority").code == 0)
  }

  private func start(_ arguments: String...) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.runHearingSignals()
    return process
  }

  /// The fingerprints of all certificates that have been handed out so far.
  private func usable() throws -> [String] {
    let clients = folder.path + "/pki/clients"
    guard FileManager.default.fileExists(atPath: clients) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: clients).filter { $0.hasSuffix(".crt") }.map {
      try CertificateFacts(file: "\(clients)/\($0)").fingerprint
    }
  }

  private func recorded() throws -> [LedgerEntry] { try Ledger(in: folder.path + "/pki").entries() }

  @Test func killedAtAnyMomentItLosesNoRecord() async throws {
    try await begin(users: 160)
    var kills = 0
    for round in 0..<20 {
      let process = try start("certs", "issue")
      // On a separate thread, so that other tests that occupy the threads for tasks do not make the wait
      // longer than the run.
      let wasRunning = try await aside {
        usleep(UInt32(20_000 + round * 15_000))
        defer {
          kill(process.processIdentifier, SIGKILL)
          process.waitUntilExit()
        }
        return process.isRunning
      }
      if wasRunning { kills += 1 }
      let known = Set(try recorded().map(\.fingerprint))
      let found = try usable()
      #expect(Set(found).isSubset(of: known))
      if found.count == 163 { break }
    }
    #expect(kills > 0)
    #expect(try await bulkhead("certs", "issue").code == 0)
    #expect(try usable().count == 163)
    #expect(try await bulkhead("certs", "list").code == 0)
    let serials = try recorded().map(\.serial)
    #expect(Set(serials).count == serials.count)
  }

  @Test func severalProcessesAtOnceKeepOneLedger() async throws {
    try await begin(users: 60)
    let processes = try (0..<4).map { _ in try start("certs", "renew", "--now", "user-1", "user-2", "user-3")
    }
    let issuing = try start("certs", "issue")
    for process in processes + [issuing] {
      try await aside { process.waitUntilExit() }
      #expect(process.terminationStatus == 0)
    }
    let entries = try recorded()
    #expect(Set(entries.map(\.serial)).count == entries.count)
    #expect(Set(try usable()).isSubset(of: Set(entries.map(\.fingerprint))))
    #expect(try usable().count == 63)
    let check = try await run(
      "/usr/bin/env", ["sqlite3", "pki/ledger.sqlite", "PRAGMA integrity_check"])
    if check.code == 0 { #expect(check.out == "ok\n") }
  }

  @Test func anUnwritableDiskIsReportedAndNothingIsHalfWritten() async throws {
    try await begin(users: 1)
    #expect(try await bulkhead("certs", "issue").code == 0)
    let before = try usable()
    let limited = try await run(
      "/bin/sh", ["-c", "ulimit -f 8; trap '' XFSZ; exec \(Program.path) certs renew --now"])
    #expect(limited.code == 1)
    #expect(limited.error.contains("error: ") && limited.error.contains("hint: "), "\(limited.error)")
    #expect(try Set(usable()).isSubset(of: Set(recorded().map(\.fingerprint))))
    #expect(try usable().count == before.count)
    #expect(try await bulkhead("certs", "renew", "--now").code == 0)
  }

  @Test func noKeyAndNoPassphraseIsEverPrinted() async throws {
    try await begin(users: 2)
    try FileManager.default.removeItem(atPath: folder.path + "/pki")
    let word = ["BULKHEAD_PASSPHRASE": "correct-horse-battery"]
    var printed = ""
    func note(_ arguments: [String], _ environment: [String: String]) async throws {
      printed += try await run(Program.path, arguments, environment: environment).all
    }
    try await run(
      "/usr/bin/openssl",
      ["req", "-new", "-newkey", "ed25519", "-nodes", "-subj", "/CN=user-1", "-keyout", "u.key"]
        + ["-out", "u.csr"]
    ).code.expectZero()
    for arguments in [
      ["certs", "authority", "--protect"], ["certs", "issue", "--root"],
      ["certs", "list", "--output", "json"],
      ["certs", "renew", "--now", "user-0", "--output", "json"],
      ["certs", "sign", "u.csr", "--identity", "user-1", "--person"],
      ["certs", "sign", "u.key", "--identity", "user-1"], ["certs", "inspect", "pki/ca.key"],
      ["certs", "inspect", "pki/ca.crt"],
      ["certs", "inspect", "pki/clients/user-0.crt", "--output", "json"],
      ["certs", "import", "--certificate", "pki/ca.crt", "--key", "pki/ca.key", "copy"]
        + ["--clients-can-act-as-members"],
      ["certs", "import", "--certificate", "pki/ca.key", "--key", "pki/ca.crt", "other"],
      ["certs", "revoke", "user-0"], ["certs", "crl"],
      ["certs", "member", "m1", "--authority", "pki", "--host", "localhost"],
    ] { try await note(arguments, word) }
    try await note(["certs", "crl"], ["BULKHEAD_PASSPHRASE": "wrong-horse-battery"])
    #expect(printed.contains("is wrong"))
    #expect(!printed.contains("horse"))
    #expect(!printed.contains("PRIVATE KEY"))
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".key")
    }
    #expect(files.count > 8)
    for file in files {
      let text = try String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)
      for line in text.split(separator: "\n") where !line.hasPrefix("-----") && line.count > 15 {
        #expect(!printed.contains(line), "\(file)")
      }
      let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/\(file)")[.posixPermissions]
      #expect(file == "u.key" || mode as? Int == 0o600, "\(file)")
    }
    #expect(files.contains("copy/ca.key"))
  }

  @Test(.startsEtcd, arguments: Server.all.filter { $0.members == 3 && $0.version != "3.5.1" })
  func cutOffIsImmediateAndAffectsOnlyItsUser(server: Server) async throws {
    let cluster = try await ThrowawayEtcd.start(
      members: server.members, binary: server.binary, in: folder.path)
    defer { cluster.stop() }
    let begun = try await run(
      Program.path,
      ["init", "--cluster", "test", "--ca", "etcd-ca/ca.crt", "--calicoctl", "alice=read-only"]
        + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] })
    try #require(begun.code == 0, "\(begun.error)")
    #expect(try await bulkhead("certs", "issue").code == 0)
    #expect(try await bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)
    func reads(_ user: String) async throws -> Bool {
      try await EtcdClient.connect(
        to: cluster.endpoints, as: cluster.credentials(of: user), timeout: .seconds(30)
      ) { etcd in
        do {
          _ = try await etcd.value(of: "/calico/ipam/v2/config")
          return true
        } catch let error as EtcdError where error.code == .permissionDenied {
          return false
        }
      }
    }
    #expect(try await reads("alice"))
    #expect(try await bulkhead("certs", "list").code == 0)
    let revoked = try await bulkhead("certs", "revoke", "alice", "--reason", "keyCompromise", "--cut-off")
    // The members have no revocation list, so they still accept the certificate for calls that need no user.
    #expect(revoked.code == 2, "\(revoked.error)")
    #expect(revoked.out.contains("user deleted: alice"))
    #expect(
      revoked.out.contains("the cut-off is not complete: 0 of \(server.members) members are known to refuse"))
    #expect(try await !reads("alice"))
    #expect(try await reads("calico-node"))
    #expect(try await bulkhead("certs", "list").code == 2)
    let inspected = try await bulkhead("certs", "inspect", "pki/clients/alice.crt")
    #expect(inspected.code == 2)
    #expect(inspected.out.contains("read /calico/ipam/v2/*"))
    #expect(try await bulkhead("certs", "revoke", "root", "--cut-off").code == 1)

    #expect(try await bulkhead("certs", "list").out.contains("blocked since"))
    let skipped = try await bulkhead("certs", "issue")
    #expect(skipped.code == 2 && skipped.out.contains("not issued: blocked since"), "\(skipped.all)")
    #expect(skipped.error.contains("certs unblock"), "\(skipped.all)")
    #expect(try await bulkhead("certs", "renew", "--now", "alice").code == 2)
    #expect(try await bulkhead("certs", "unblock", "alice").code == 0)
    #expect(try await bulkhead("certs", "issue").out.contains("replaced: it was revoked"))
    #expect(try await bulkhead("apply").code == 0)
    #expect(try await reads("alice"))
    #expect(try await bulkhead("certs", "list").code == 0)
    #expect(try await bulkhead("certs", "rollover").out.contains("no roll-over is under way"))
  }

  @Test(.startsEtcd, arguments: Server.all.filter { $0.version == "3.5.30" })
  func `a cut-off is complete once every member refuses revoked certificates, and can be repeated`(
    server: Server
  ) async throws {
    // The list exists before the members start, as on members that were prepared for it.
    try await begin(users: 0)
    let list = "\(folder.path)/members.crl"
    func deliver() async throws {
      let copied = try await run(
        "/bin/sh", ["-c", "cp pki/crl.der members.tmp && mv members.tmp members.crl"])
      try #require(copied.code == 0, "\(copied.error)")
    }
    #expect(try await bulkhead("certs", "crl").code == 0)
    try await deliver()
    let cluster = try await ThrowawayEtcd.start(
      members: server.members, binary: server.binary, in: folder.path,
      options: .init(extraArguments: ["--client-crl-file=\(list)"]))
    defer { cluster.stop() }
    try FileManager.default.removeItem(atPath: "\(folder.path)/bulkhead.yaml")
    let begun = try await run(
      Program.path,
      ["init", "--cluster", "test", "--ca", "etcd-ca/ca.crt", "--calicoctl", "alice=read-only"]
        + ["--calicoctl", "bob=read-only"] + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] })
    try #require(begun.code == 0, "\(begun.error)")
    #expect(try await bulkhead("certs", "issue").code == 0)
    #expect(try await bulkhead("apply", "--enable-auth", "--watch", "0").code == 0)

    // Without the option, the hint names it; followed to the letter, it works.
    let revoked = try await bulkhead("certs", "revoke", "alice")
    #expect(revoked.code == 0 && revoked.error.contains("--cut-off"), "\(revoked.all)")
    let incomplete = try await bulkhead("certs", "revoke", "alice", "--cut-off")
    #expect(incomplete.code == 2 && incomplete.out.contains("user deleted: alice"), "\(incomplete.all)")
    #expect(incomplete.out.contains("not complete: 0 of \(server.members)"), "\(incomplete.all)")
    #expect(!incomplete.out.contains("cut off:"))
    try await deliver()
    let complete = try await bulkhead("certs", "revoke", "alice", "--cut-off")
    #expect(complete.code == 0, "\(complete.all)")
    #expect(
      complete.out.contains("cut off: \(server.members) of \(server.members) members"), "\(complete.all)")

    // A list that the members have does not stand for the next revocation.
    let next = try await bulkhead("certs", "revoke", "bob", "--cut-off")
    #expect(next.code == 2 && next.out.contains("not complete: 0 of"), "\(next.all)")
    try await deliver()
    #expect(try await bulkhead("certs", "revoke", "bob", "--cut-off").code == 0)
  }

  @Test func aUserIsNotDeletedWhileCertificatesOfOtherNodesAreInUse() async throws {
    try await begin(users: 0)
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8).replacing(":2379", with: ":9")
    try (text + "\nisolation: node-certificate\nnodes: [n1, n2]\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try await bulkhead("certs", "issue", "--root").code == 0)
    let one = try await bulkhead("certs", "revoke", "calico-node", "--node", "n1", "--cut-off")
    #expect(one.code == 1 && one.out.contains("revoked: calico-node"), "\(one.all)")
    #expect(one.error.contains("no user is deleted") && one.error.contains("calico-node on n2"), "\(one.all)")
    #expect(one.error.contains("restart the members one by one"), "\(one.all)")
    let without = try await bulkhead("certs", "revoke", "cni-plugin", "--node", "n1")
    #expect(without.code == 0 && without.error.contains("restart the members"), "\(without.all)")
    #expect(!without.error.contains("--cut-off"), "\(without.all)")
    // All of them: the etcd user is the next step, at an etcd that is not there.
    let all = try await bulkhead("certs", "revoke", "calico-node", "--cut-off", "--timeout", "1")
    #expect(all.code == 1 && !all.error.contains("no user is deleted"), "\(all.all)")
  }
}

extension Int32 {
  fileprivate func expectZero() { #expect(self == 0) }
}

/// Runs a blocking closure on its own thread.
func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
  }
}
