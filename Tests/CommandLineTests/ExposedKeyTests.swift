import Foundation
import TestSupport
import Testing

/// Keys and passphrases that every user of the machine may read.
@Suite struct ExposedKeyTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try #require(bulkhead("init", "--endpoint", "https://127.0.0.1:2379", "--ca", "x.crt").code == 0)
    try #require(bulkhead("certs", "authority").code == 0)
  }

  private func bulkhead(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path, environment: environment)
  }

  private func setMode(_ mode: Int, _ name: String) throws {
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: "\(folder.path)/\(name)")
  }

  @Test func `an authority's key that others may read is refused, and the hint works`() throws {
    try setMode(0o644, "pki/ca.key")
    let refused = try bulkhead("certs", "issue")
    #expect(
      refused.code == 1 && refused.error.contains("every user of this machine may read"), "\(refused.all)")
    #expect(refused.error.contains("chmod 600"))
    try setMode(0o640, "pki/ca.key")
    let group = try bulkhead("certs", "issue")
    #expect(group.code == 1 && group.error.contains("the group of"), "\(group.all)")
    try setMode(0o600, "pki/ca.key")
    #expect(try bulkhead("certs", "issue").code == 0)
  }

  @Test func `a passphrase that openssl's default protects is accepted with a warning, 500 rounds are not`()
    throws
  {
    func protect(_ rounds: String...) throws {
      let made = try Program.run(
        "/usr/bin/openssl",
        ["pkcs8", "-topk8", "-in", "plain.key", "-out", "pki/ca.key", "-passout", "pass:word"] + rounds,
        in: folder.path)
      try #require(made.code == 0, "\(made.error)")
      try setMode(0o600, "pki/ca.key")
    }
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/pki/ca.key", toPath: "\(folder.path)/plain.key")
    try protect()
    let warned = try bulkhead("certs", "issue", environment: ["BULKHEAD_PASSPHRASE": "word"])
    #expect(warned.code == 0, "\(warned.all)")
    #expect(warned.error.contains("warning: the passphrase of the authority's key"), "\(warned.error)")
    #expect(warned.error.contains("PBKDF2 with 2048 rounds"), "\(warned.error)")
    try protect("-iter", "500")
    let refused = try bulkhead("certs", "issue", environment: ["BULKHEAD_PASSPHRASE": "word"])
    #expect(refused.code == 1 && refused.error.contains("PBKDF2 with 500 rounds"), "\(refused.all)")
    try protect("-iter", "600000")
    let quiet = try bulkhead("certs", "issue", environment: ["BULKHEAD_PASSPHRASE": "word"])
    #expect(quiet.code == 0 && !quiet.error.contains("warning"), "\(quiet.all)")
  }

  @Test func `a new passphrase has eight bytes at least`() throws {
    let refused = try bulkhead(
      "certs", "authority", "other", "--protect", environment: ["BULKHEAD_PASSPHRASE": "a"])
    #expect(refused.code == 1 && refused.error.contains("shorter than 8 bytes"), "\(refused.all)")
  }

  @Test func `so is a passphrase file; a pipe is accepted`() throws {
    try "correct-horse-battery\n".write(
      toFile: "\(folder.path)/word", atomically: false, encoding: .utf8)
    try setMode(0o644, "word")
    let refused = try bulkhead("certs", "authority", "other", "--protect", "--passphrase-file", "word")
    #expect(
      refused.code == 1 && refused.error.contains("every user of this machine may read"), "\(refused.all)")
    let piped = try Program.run(
      "/bin/bash",
      ["-c", "\(Program.path) certs authority other --protect --passphrase-file <(cat word)"], in: folder.path
    )
    #expect(piped.code == 0, "\(piped.all)")
  }
}
