import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// The authority of the clients beside that of etcd's servers and peers.
@Suite(.serialized, .timeLimit(.minutes(30))) struct PeerAuthorityTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try #require(bulkhead("certs", "authority", "etcd").code == 0)
    try FileManager.default.copyItem(
      atPath: "\(folder.path)/etcd/ca.crt", toPath: "\(folder.path)/etcd-ca.crt")
    try #require(
      bulkhead("init", "--endpoint", "https://127.0.0.1:2379", "--ca", "etcd-ca.crt").code == 0)
  }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func lint() throws -> Bool { try bulkhead("lint").out.contains("BH050") }

  @Test
  func `the authority of etcd's servers is imported for clients only with a flag that names the danger`()
    throws
  {
    let files = ["--certificate", "etcd/ca.crt", "--key", "etcd/ca.key"]
    let refused = try Program.run(Program.path, ["certs", "import"] + files, in: folder.path)
    #expect(refused.code == 1, "\(refused.all)")
    #expect(refused.error.contains("can act as a member and write every key"), "\(refused.error)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/pki"))
    #expect(try !lint())
    let insisting = try Program.run(
      Program.path, ["certs", "import", "--clients-can-act-as-members"] + files, in: folder.path)
    #expect(insisting.code == 0, "\(insisting.error)")
    #expect(try lint() && bulkhead("lint").code == 2)
    // The file's administrator has no certificate, so nothing is sent to etcd.
    let applied = try bulkhead("apply", "--enable-auth", "--watch", "0", "--yes")
    #expect(applied.code == 1 && applied.error.contains("(BH050)"), "\(applied.all)")
    #expect(applied.error.contains("--clients-can-act-as-members"), "\(applied.all)")
    let accepted = try bulkhead(
      "apply", "--enable-auth", "--watch", "0", "--yes", "--clients-can-act-as-members")
    #expect(accepted.code == 1 && !accepted.error.contains("BH050"), "\(accepted.all)")
  }

  @Test func `the hint's own authority is accepted, one that etcd's authority signs is not`() throws {
    try makeRoot()
    let both = try ["etcd-ca.crt", "root/ca.crt"].map {
      try String(contentsOfFile: "\(folder.path)/\($0)", encoding: .utf8)
    }
    try both.joined().write(toFile: "\(folder.path)/etcd-ca.crt", atomically: true, encoding: .utf8)
    let refused = try bulkhead("certs", "authority", "--signed-by", "root")
    #expect(refused.code == 1 && refused.error.contains("--clients-can-act-as-members"), "\(refused.all)")
    let allowed = try bulkhead("certs", "authority", "--signed-by", "root", "--clients-can-act-as-members")
    #expect(allowed.code == 0, "\(allowed.error)")
    #expect(try lint())
    try FileManager.default.removeItem(atPath: "\(folder.path)/pki")
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try !lint())
  }

  @Test func `an intermediate of etcd's authority is refused, and what cannot be checked`() throws {
    func refuses(_ folder: String, _ cause: String) throws {
      let outcome = try bulkhead(
        "certs", "import", "--certificate", "\(folder)/ca.crt", "--key", "\(folder)/ca.key", "taken")
      #expect(outcome.code == 1 && outcome.error.contains(cause), "\(outcome.all)")
      #expect(outcome.error.contains("--clients-can-act-as-members"), "\(outcome.all)")
    }
    try makeRoot()
    let made = try bulkhead("certs", "authority", "sub", "--signed-by", "root")
    try #require(made.code == 0, "\(made.all)")
    try refuses("sub", "another authority has signed it")
    #expect(try bulkhead("certs", "authority", "x", "--signed-by", "sub").code == 1)
    try String(contentsOfFile: "\(folder.path)/root/ca.crt", encoding: .utf8).write(
      toFile: "\(folder.path)/etcd-ca.crt", atomically: true, encoding: .utf8)
    try refuses("sub", "was signed by an authority of etcd's servers")
    #expect(try bulkhead("certs", "authority", "x", "--signed-by", "root").code == 1)
    let separate = try bulkhead(
      "certs", "import", "--certificate", "etcd/ca.crt", "--key", "etcd/ca.key", "taken")
    #expect(separate.code == 0, "\(separate.all)")
    try FileManager.default.removeItem(atPath: "\(folder.path)/etcd-ca.crt")
    try refuses("etcd", "etcd-ca.crt' (etcd.ca) does not exist")
    try FileManager.default.removeItem(atPath: "\(folder.path)/bulkhead.yaml")
    try refuses("etcd", "'bulkhead.yaml' does not exist")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x"))
  }

  /// Makes a self-signed authority in the folder `root` that may sign others.
  private func makeRoot() throws {
    let root = try Program.run(
      "/usr/bin/openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=root"]
        + ["-days", "9", "-keyout", "root/ca.key", "-out", "root/ca.crt"]
        + ["-addext", "keyUsage=critical,keyCertSign,cRLSign"], in: try made("root"))
    try #require(root.code == 0, "\(root.error)")
  }

  /// - Returns: the folder in which the other one was created.
  private func made(_ name: String) throws -> String {
    try FileManager.default.createDirectory(
      atPath: "\(folder.path)/\(name)", withIntermediateDirectories: false)
    return folder.path
  }

  /// An authority that another one has signed, with limits: its successor has the same signer and limits, or the flags say
  /// that it has not.
  @Test(.startsEtcd, arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 1 })
  func `a roll-over keeps signer and limits, unless flags say otherwise`(server: Server) async throws {
    let place = "\(folder.path)/cluster"
    try FileManager.default.createDirectory(atPath: "\(place)/root", withIntermediateDirectories: true)
    func run(_ program: String, _ arguments: String...) throws -> Program.Outcome {
      try Program.run(program, arguments, in: place)
    }
    let root = try run(
      "/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
      "-subj", "/CN=root", "-days", "9", "-keyout", "root/ca.key", "-out", "root/ca.crt", "-addext",
      "keyUsage=critical,keyCertSign,cRLSign")
    try #require(root.code == 0, "\(root.error)")
    let made = try run(
      Program.path, "certs", "authority", "--signed-by", "root", "--clients-only",
      "--clients-can-act-as-members")
    try #require(made.code == 0, "\(made.all)")
    let cluster = try await ThrowawayEtcd.start(
      members: server.members, binary: server.binary, in: place)
    defer { cluster.stop() }
    let begun = try run(
      Program.path, "init", "--ca", "etcd-ca/ca.crt", "--endpoint", "\(cluster.endpoints[0])")
    try #require(begun.code == 0, "\(begun.error)")
    let unclear = try run(Program.path, "certs", "rollover", "--next")
    #expect(unclear.code == 1 && unclear.error.contains("--signed-by FOLDER"), "\(unclear.all)")
    #expect(
      try run(Program.path, "certs", "rollover", "--next", "--signed-by", "root", "--self-signed").code == 64)
    func next(_ flags: String...) throws -> String {
      let taken = try Program.run(Program.path, ["certs", "rollover", "--next"] + flags, in: place)
      #expect(taken.code == 0, "\(taken.all)")
      let text = try run("/usr/bin/openssl", "x509", "-in", "pki/next/ca.crt", "-noout", "-text").out
      try FileManager.default.removeItem(atPath: "\(place)/pki/next")
      try FileManager.default.removeItem(atPath: "\(place)/pki/trust.crt")
      return text
    }
    let kept = try next("--signed-by", "root")
    #expect(kept.contains("Issuer: CN = root") && kept.contains("TLS Web Client Authentication"), "\(kept)")
    let alone = try next("--self-signed")
    #expect(!alone.contains("CN = root") && alone.contains("TLS Web Client Authentication"), "\(alone)")
    let free = try next("--signed-by", "root", "--without-limits")
    #expect(free.contains("Issuer: CN = root") && !free.contains("TLS Web Client"), "\(free)")
  }

  @Test(.startsEtcd, arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 1 })
  func `certs trust says whether each member accepts the authority`(server: Server) async throws {
    let cluster = try await ThrowawayEtcd.start(
      members: server.members, binary: server.binary, in: "\(folder.path)/cluster")
    defer { cluster.stop() }
    let place = "\(folder.path)/cluster"
    let begun = try Program.run(
      Program.path,
      ["init", "--ca", "etcd-ca/ca.crt"] + cluster.endpoints.flatMap { ["--endpoint", "\($0)"] },
      in: place)
    try #require(begun.code == 0, "\(begun.error)")
    let trusted = try Program.run(Program.path, ["certs", "trust"], in: place)
    #expect(trusted.code == 0 && trusted.out.contains("1 of 1 members accept"), "\(trusted.all)")
    // The same file with another authority, which the members do not have.
    #expect(try Program.run(Program.path, ["certs", "authority", "other"], in: place).code == 0)
    let text = try String(contentsOfFile: "\(place)/bulkhead.yaml", encoding: .utf8)
    #expect(text.contains("directory: pki"))
    try text.replacing("directory: pki", with: "directory: other").write(
      toFile: "\(place)/bulkhead.yaml", atomically: true, encoding: .utf8)
    let refused = try Program.run(Program.path, ["certs", "trust"], in: place)
    #expect(refused.code == 2 && refused.out.contains("0 of 1 members accept"), "\(refused.all)")
    #expect(refused.out.contains("refuses its certificates"), "\(refused.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(place)/other/trust-probe"))
  }
}
