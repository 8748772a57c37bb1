import Files
import Foundation
import TestSupport
import Testing

@testable import Certificates

/// An authority whose key another program has: `Examples/signer/openssl`.
@Suite struct ExternalKeyTests {
  private let folder: TemporaryFolder
  private var pki: String { folder.path + "/pki" }
  private var key: String { folder.path + "/elsewhere.key" }

  init() throws { folder = try TemporaryFolder() }

  /// Moves the key of a new authority away, and names a program that signs with it.
  private func separate(_ algorithm: KeyAlgorithm, program: [String]? = nil, mode: mode_t = 0o600) throws {
    try Authority.create(name: "clients", lifetime: .seconds(86_400), now: Date(), key: algorithm).save(
      to: pki)
    try FileManager.default.moveItem(atPath: pki + "/ca.key", toPath: key)
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let words = program ?? ["/bin/sh", root + "/Examples/signer/openssl", key]
    try AtomicFile.write(
      Array((words.joined(separator: "\n") + "\n").utf8), to: pki + "/ca.signer", mode: mode)
  }

  private func openssl(_ arguments: String...) throws -> (code: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, output)
  }

  @Test(arguments: [KeyAlgorithm.p256, .rsa3072])
  func aProgramSignsCertificatesAndLists(algorithm: KeyAlgorithm) throws {
    try separate(algorithm)
    let issuer = Issuer(
      try Authority.load(pki, now: Date()), ledger: try Ledger(in: pki), lifetime: .seconds(3_600),
      now: Date())
    let issued = try issuer.issue([(CertificateHolder(client: "felix"), folder.path + "/felix.crt")])
    try issued[0].certificatePEM.write(toFile: folder.path + "/felix.crt", atomically: true, encoding: .utf8)
    #expect(try openssl("verify", "-CAfile", "pki/ca.crt", "felix.crt").code == 0)
    try issuer.ledger?.revoke(serials: [issued[0].facts.serial], at: Date(), because: .keyCompromise)
    _ = try issuer.writeRevocationList(in: pki, validity: .seconds(600))
    let checked = try openssl(
      "crl", "-inform", "DER", "-in", "pki/crl.der", "-CAfile", "pki/ca.crt", "-noout")
    #expect(checked.code == 0 && checked.output.contains("verify OK"), "\(checked.output)")
    let list = try VerifiedRevocationList(
      der: FileContents.read(pki + "/crl.der"), signedByOneOf: FileContents.readText(pki + "/ca.crt"),
      source: "x")
    #expect(list.count == 1)
  }

  @Test(arguments: [
    (["/bin/true"], "gave no signature"), (["/bin/false"], "gave no signature"),
    (["/bin/echo", "rubbish"], "gave a signature that is not the authority's"),
    (["/nonexistent"], "cannot be started"),
    (["openssl"], "does not begin with the absolute path of a program"),
  ])
  func aProgramThatDoesNotSignIssuesNothing(program: [String], reason: String) throws {
    try separate(.p256, program: program)
    let error = #expect(throws: CertificatesError.self) {
      let issuer = Issuer(
        try Authority.load(pki, now: Date()), ledger: try Ledger(in: pki), lifetime: .seconds(3_600),
        now: Date())
      _ = try issuer.issue([(CertificateHolder(client: "felix"), folder.path + "/felix.crt")])
    }
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    #expect(try Ledger(in: pki).entries().isEmpty)
  }

  @Test func aProgramThatSignsWithAnotherKeyIsNotBelieved() throws {
    try separate(.p256)
    let other = try PrivateKey.generate()
    try AtomicFile.write(Array(other.secretPEM().utf8), to: key, mode: 0o600)
    let authority = try Authority.load(pki, now: Date())
    #expect(throws: CertificatesError.self) {
      try authority.issue(client: "felix", lifetime: .seconds(60), now: Date())
    }
  }

  @Test func othersMayNotNameTheProgram() throws {
    try separate(.p256, mode: 0o622)
    let error = #expect(throws: CertificatesError.self) { try Authority.load(pki, now: Date()) }
    #expect(error?.message.contains("may write") == true)
  }
}
