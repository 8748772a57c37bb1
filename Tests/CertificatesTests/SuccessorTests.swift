import Foundation
import Names
import TestSupport
import Testing

@testable import Certificates

/// The limits that a successor takes over from an authority's certificate.
@Suite final class SuccessorTests: TemporaryDirectorySuite {
  private let now = Date()

  @Test func `limits survive being written and read`() throws {
    let networks = try ["10.0.0.0/8", "10.1.2.3/32", "fc00::/7", "0.0.0.0/0"].map(IPNetwork.init)
    for limits in [
      AuthorityLimits(), AuthorityLimits(isForClientsOnly: true),
      AuthorityLimits(domains: ["example.org"]), AuthorityLimits(networks: networks),
      AuthorityLimits(isForClientsOnly: true, domains: ["a.example", "b.example"], networks: networks),
    ] {
      let authority = try Authority.create(name: "ca", lifetime: .days(9), now: now, limits: limits)
      let path = try file("ca.crt", authority.certificatePEM)
      #expect(try AuthorityLimits(ofCertificateFile: path) == limits)
      let next = try Authority.create(
        name: "next", lifetime: .days(9), now: now, limits: AuthorityLimits(ofCertificateFile: path))
      if limits.isForClientsOnly {
        #expect(throws: CertificatesError.self) {
          try next.issue(server: "m1", hosts: [.dns("m1")], lifetime: .days(1), now: now)
        }
      }
    }
  }

  @Test(
    .enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing),
    arguments: [
      "extendedKeyUsage=clientAuth,serverAuth", "nameConstraints=critical,excluded;DNS:evil.example",
      "nameConstraints=critical,permitted;email:example.org",
    ])
  func `limits that cannot be repeated are refused, not dropped`(limit: String) throws {
    try OpenSSL.run(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ca",
      "-days", "9", "-keyout", directory + "/ca.key", "-out", directory + "/ca.crt", "-addext",
      "keyUsage=critical,keyCertSign,cRLSign", "-addext", limit)
    let error = #expect(throws: CertificatesError.self) {
      try AuthorityLimits(ofCertificateFile: directory + "/ca.crt")
    }
    #expect(error?.hint?.contains("--without-limits") == true)
  }
}
