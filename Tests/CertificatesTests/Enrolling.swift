import Cryptography
import Foundation
import Testing

@testable import Certificates

/// Orders as an authority server fills them, without the server.
struct Enrolling {
  let directory: String
  let authority: Authority
  var lifetime: Duration = .days(90)

  /// A key with the certificate that was issued for it.
  struct Held: Sendable {
    let pem: String
    let serial: String

    var der: [UInt8] { bytes(ofPEM: pem) ?? [] }
  }

  func issuer(at now: Date) throws -> Issuer {
    Issuer(authority, ledger: try Ledger(in: directory), lifetime: lifetime, now: now)
  }

  /// - Throws: what the order is refused with.
  func enrol(
    _ holder: CertificateHolder, proof: EnrolmentOrder.Proof? = nil, reason: String? = nil,
    key: Certificates.PrivateKey? = nil, by issuer: Issuer
  ) async throws -> Held {
    let key = try key ?? .generate()
    let request = try Certificates.CertificateRequest(pem: .make(for: holder.name, key: key))
    let entitlement = Entitlement(node: holder.node, components: nil)
    let order = try EnrolmentOrder(request, proof: proof ?? .vouched(entitlement, .once), reason: reason) {
      _, _ throws(OrderRefusal) in holder
    }
    let filled = try #require(try await issuer.fill([order]).first).get()
    return Held(pem: filled.certificatePEM, serial: filled.serial)
  }

  func renew(
    _ held: Held, _ holder: CertificateHolder, reason: String? = nil, by issuer: Issuer
  ) async throws -> Held {
    try await enrol(holder, proof: .certificate(held.der, nil), reason: reason, by: issuer)
  }
}

extension String {
  fileprivate static func make(for user: String, key: Certificates.PrivateKey) throws -> String {
    try Certificates.CertificateRequest.make(for: user, key: key)
  }
}

extension CertificateHolder {
  static func on(_ node: String?, _ component: String = "cni-plugin") -> CertificateHolder {
    CertificateHolder(
      client: node.map { "\(component).\($0)" } ?? component, component: component, node: node)
  }
}

extension TokenUse {
  /// The use of a token that no other request has.
  static var once: TokenUse {
    TokenUse(id: UUID().uuidString, podUID: UUID().uuidString, expiresAt: Date() + 600)
  }
}
