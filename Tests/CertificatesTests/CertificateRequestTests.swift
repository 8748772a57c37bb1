import Foundation
import TestSupport
import Testing

@testable import Certificates

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class CertificateRequestTests: TemporaryDirectorySuite {
  private var now: Date { Date() }

  /// A request made by `openssl`.
  private func request(
    _ subject: String, _ key: [String] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    _ more: [String] = []
  ) throws -> String {
    let csr = directory + "/\(UUID().uuidString).csr"
    try OpenSSL.run(
      ["req", "-new", "-nodes", "-keyout", directory + "/user.key", "-subj", subject, "-out", csr] + key
        + more)
    return csr
  }

  private func sign(_ request: CertificateRequest, for user: String) throws -> String {
    let authority = try Authority.forTests(now: now)
    try file("ca.crt", authority.certificatePEM)
    return try file(
      "user.crt",
      Issuer(authority, ledger: Ledger(in: directory), lifetime: .days(9), now: now).sign(
        request, for: CertificateHolder(client: user), file: directory + "/user.crt"))
  }

  @Test(arguments: [
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-newkey", "rsa:2048"],
    ["-newkey", "ed25519"],
  ]) func theCertificateHasTheKeyOfTheRequestAndIsRecorded(key: [String]) throws {
    let path = try sign(CertificateRequest(file: request("/CN=alice", key)), for: "alice")
    #expect(
      try OpenSSL.run("x509", "-in", path, "-noout", "-pubkey")
        == OpenSSL.run("pkey", "-in", directory + "/user.key", "-pubout"))
    let verdict = try OpenSSL.run(
      "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", directory + "/ca.crt", path)
    #expect(verdict.contains(": OK"))
    let entry = try #require(Ledger(in: directory).entries().first)
    #expect(try entry.fingerprint == CertificateFacts(file: path).fingerprint)
    #expect(entry.file == directory + "/user.crt")
  }

  @Test func usesOnlyTheNameAndTheKey() throws {
    let csr = try request(
      "/O=system:masters/CN=alice", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      [
        "-addext", "subjectAltName=DNS:etcd-0,IP:10.0.0.1", "-addext", "basicConstraints=critical,CA:TRUE",
        "-addext", "keyUsage=keyCertSign", "-addext", "extendedKeyUsage=serverAuth",
      ])
    let text = try OpenSSL.run(
      "x509", "-in", sign(CertificateRequest(file: csr), for: "alice"), "-noout", "-text")
    #expect(text.contains("Subject: CN = alice\n"))
    #expect(text.contains("CA:FALSE"))
    #expect(text.contains("TLS Web Client Authentication\n"))
    for word in ["system:masters", "etcd-0", "10.0.0.1", "Server Authentication", "Certificate Sign"] {
      #expect(!text.contains(word))
    }
  }

  private func refusal(_ pem: String) -> String {
    message(#expect(throws: CertificatesError.self) { try CertificateRequest(pem: pem) })
  }

  @Test func refusesARequestWithAWrongSignature() throws {
    let path = try request("/CN=alice")
    let der = directory + "/alice.der"
    try OpenSSL.run("req", "-in", path, "-outform", "DER", "-out", der)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: der))
    let name = try #require(bytes.range(of: Data("alice".utf8)))
    bytes.replaceSubrange(name, with: Data("blice".utf8))
    let pem =
      "-----BEGIN CERTIFICATE REQUEST-----\n\(bytes.base64EncodedString(options: .lineLength64Characters))\n"
      + "-----END CERTIFICATE REQUEST-----\n"
    #expect(refusal(pem.replacingOccurrences(of: "\r", with: "")).contains("signature"))
  }

  @Test func refusesARequestWithoutExactlyOneName() throws {
    for (subject, word) in [("/O=x", "0 Common Names"), ("/CN=alice/CN=root", "2 Common Names")] {
      let pem = try String(contentsOfFile: request(subject), encoding: .utf8)
      #expect(refusal(pem).contains(word))
    }
  }

  @Test func refusesWeakKeysAndInvalidRequests() throws {
    let weak = try String(contentsOfFile: request("/CN=alice", ["-newkey", "rsa:1024"]), encoding: .utf8)
    #expect(!refusal(weak).isEmpty)
    #expect(refusal("").contains("no certificate request"))
    #expect(try refusal(PrivateKey.generate().secretPEM()).contains("no certificate request"))
    let good = try String(contentsOfFile: request("/CN=alice"), encoding: .utf8)
    #expect(refusal(good + good).contains("more than one"))
    #expect(!refusal(String(good.dropLast(90))).isEmpty)
  }

  @Test(arguments: [
    (["-newkey", "rsa:2048", "-sha1"], "MD5 or SHA-1"),
    (["-newkey", "rsa:2048", "-pkeyopt", "rsa_keygen_pubexp:3"], "small public exponent"),
    (["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha1"], "MD5 or SHA-1"),
  ])
  func refusesBrokenDigestsAndSmallExponents(options: [String], word: String) throws {
    let pem = try OpenSSL.run(
      ["req", "-new", "-nodes", "-subj", "/CN=alice", "-keyout", "/dev/null"] + options)
    let error = #expect(throws: CertificatesError.self) { try CertificateRequest(pem: pem) }
    #expect(message(error).contains(word))
  }

  /// A key whose primes were made as Infineon's library made them (CVE-2017-15361), for this test; no other key is refused.
  @Test func refusesAKeyThatCanBeFactored() throws {
    let pem = """
      -----BEGIN CERTIFICATE REQUEST-----
      MIICWzCCAUMCAQAwFjEUMBIGA1UEAwwLY2FsaWNvLW5vZGUwggEiMA0GCSqGSIb3
      DQEBAQUAA4IBDwAwggEKAoIBAQC7paanfl/8wYTHw3y+c++UVBS8a8R4xlU0AzRn
      ho/90x8rd42sbELomoRqp1uz+uBAZJbkLr8AnkVvEYfMcr4Z7f4tTL/B9IhC1K69
      nSI3k6IVH8VK8PVJD0xOQmcxcSZ1brFCcWGML1h7cp+PvS92IFY8Hf4ktC1bHK1X
      559gzN9BL29QVpgiKyqyn4qhDMDykFwxJHdXWOjYshJhjeJDBV7XIDJu7vQHml5g
      +wQSWK6uJWSjipOv8sVDUilkXmMGizrNLcFrL+rvsq9Iv53rI594wXtbqrAKU1IY
      gTh5ZJd6MMpWvO8EUjRehK96DexkbjCkPtPqduHfHGoalvKrAgMBAAGgADANBgkq
      hkiG9w0BAQsFAAOCAQEAQ2AaNfzRS1zPdJjWttMLHiqI7ifwytDP3VPLxIPbX2UN
      Yw6MgmTSfv8yPWCoAnTFxwbcIaVKHOIiNPSB1CHRIwd9LU5dCNZ14kd+hLvpsT5+
      aRtUlH8m7CIPLV35NIsOByc1TeidWG8id1rRK3v1NTDMFwxh69CXZd5sNPBft3e/
      DN54F6DAPKO+thXAYXk+bJdGb4gMyKksXw324pfv1IbmktAi90dKrA8tjunvu+Gc
      0NwiN63nS1QLQPa5usDUqSf1qXULCljFikYRNPe1pUDkQdW189PGdO9LHoEPoky6
      gM7P8I8rMi0b9DKGTM8ww4jKdB4A0dH6orSzje1BDw==
      -----END CERTIFICATE REQUEST-----

      """
    let error = #expect(throws: CertificatesError.self) { try CertificateRequest(pem: pem) }
    #expect(message(error).contains("CVE-2017-15361"))
    let usual = try String(contentsOfFile: request("/CN=alice", ["-newkey", "rsa:2048"]), encoding: .utf8)
    #expect(try CertificateRequest(pem: usual).name == "alice")
  }

  @Test func refusesAnotherNameAndRoot() throws {
    let request = try CertificateRequest(file: request("/CN=root"))
    #expect(throws: CertificatesError.self) { try sign(request, for: "alice") }
    let error = #expect(throws: CertificatesError.self) { try sign(request, for: "root") }
    #expect(message(error).contains("outright"))
    #expect(try Ledger(in: directory).entries().isEmpty)
  }

  @Test func damagedRequestsAreRefusedOrUnchanged() throws {
    let pem = try String(contentsOfFile: request("/CN=alice"), encoding: .utf8)
    let good = try #require(bytes(ofPEM: pem))
    let original = try CertificateRequest(pem: pem)
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let position = Int.random(in: bytes.indices, using: &generator)
        bytes[position] ^= UInt8(1) << UInt8.random(in: 0...7, using: &generator)
      }
      if Bool.random(using: &generator) {
        bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
      }
      guard bytes != good else { continue }
      let base64 = Data(bytes).base64EncodedString(options: .lineLength64Characters)
      let text =
        "-----BEGIN CERTIFICATE REQUEST-----\n\(base64.replacingOccurrences(of: "\r", with: ""))\n"
        + "-----END CERTIFICATE REQUEST-----\n"
      // A change of the signed part is always detected. A change in the encoding of the signature, such as
      // its count of unused bits, may leave the same signature.
      do {
        let request = try CertificateRequest(pem: text)
        #expect(request.name == "alice")
        #expect(request.publicKey == original.publicKey)
      } catch {
        #expect(error is CertificatesError)
      }
    }
  }
}
