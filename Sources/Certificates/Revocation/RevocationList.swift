import Cryptography
import FoundationEssentials

/// A certificate revocation list, version 2 (RFC 5280, section 5), in the order of revocation.
///
/// etcd compares only serials: not the issuer, the signature or nextUpdate (etcd,
/// `client/pkg/transport/listener_tls.go`, checkCRL). So the list also contains the serials of the ledger's
/// earlier authorities, which are just as random; dates and signature are for other programs.
struct RevocationList {
  struct Entry: Hashable {
    let serial: [UInt8]
    let date: Date
    let reason: RevocationReason
  }

  let entries: [Entry]
  let number: Int
  let thisUpdate: Date
  let nextUpdate: Date

  /// The signed list in DER.
  /// - Throws: ``CertificatesError`` if the authority's certificate does not allow signing lists.
  func signed(by authority: Authority) throws -> [UInt8] {
    guard try authority.certificate.keyUsage?.contains(.cRLSign) ?? true else {
      throw CertificatesError(
        "the authority's certificate may not sign revocation lists: its keyUsage lacks cRLSign",
        hint: "delete the etcd user instead (--cut-off), or use an authority that may")
    }
    let der = try Cryptography.RevocationList(
      issuer: authority.certificate.subject, thisUpdate: Int(thisUpdate.timeIntervalSince1970),
      nextUpdate: Int(nextUpdate.timeIntervalSince1970),
      entries: entries.map { entry in
        .init(
          serial: entry.serial, date: Int(entry.date.timeIntervalSince1970),
          reason: entry.reason.code.map(Int.init))
      },
      extensions: [.authorityKeyIdentifier(authority.keyIdentifier), .listNumber(number)],
      key: authority.key.key
    ).der
    guard authority.external != nil else { return der }
    let signed = try authority.signedExternally(der)
    guard try Cryptography.RevocationList(der: signed).isSigned(by: authority.certificate.publicKey) else {
      throw authority.wrongSignature
    }
    return signed
  }
}
