import Cryptography
import FoundationEssentials

/// A revocation list whose signature was verified.
package struct VerifiedRevocationList: Sendable {
  package let der: [UInt8]
  /// Nil if the list has none, or one of more than 63 bits.
  package let number: Int?
  package let thisUpdate: Date
  /// When its successor should be there at the latest; nil if it does not say.
  package let nextUpdate: Date?
  /// How many certificates it revokes.
  package let count: Int
  /// The fingerprint of the certificate of the authority that signed it.
  package let authority: String

  /// - Parameters:
  ///   - authorities: PEM certificates of the authorities whose lists are accepted.
  ///   - source: its origin, for messages.
  /// - Throws: ``CertificatesError``.
  package init(der: [UInt8], signedByOneOf authorities: String, source: String) throws {
    let list: Cryptography.RevocationList
    do {
      list = try Cryptography.RevocationList(der: der)
    } catch {
      throw CertificatesError(
        "\(source) is not a revocation list in DER", hint: "'bulkhead certs crl' writes one")
    }
    let signer = try PEMText(text: authorities, source: "the authorities of \(source)").certificates().first {
      // RFC 5280, section 4.2.1.3: keyUsage is optional, but if it exists it must contain cRLSign.
      guard $0.subject == list.issuer, let key = try? $0.publicKey,
        (try? $0.basicConstraints)?.isAuthority == true,
        let mayList = try? $0.keyUsage?.contains(.cRLSign) ?? true
      else { return false }
      return mayList && list.isSigned(by: key)
    }
    guard let signer else {
      throw CertificatesError(
        "\(source) is not signed by an authority whose lists are accepted",
        hint: "name the certificate of the authority that issues the clients' certificates")
    }
    self.der = der
    authority = CertificateFacts(signer).fingerprint
    number = list.number.flatMap { $0.count < 8 ? $0.reduce(0) { $0 << 8 | Int($1) } : nil }
    thisUpdate = Date(timeIntervalSince1970: Double(list.thisUpdate))
    nextUpdate = list.nextUpdate.map { Date(timeIntervalSince1970: Double($0)) }
    count = list.entries.count
  }

  package var mark: RevocationListMark {
    RevocationListMark(
      authority: authority, number: number, thisUpdate: Int(thisUpdate.timeIntervalSince1970))
  }

  /// How far the clocks of two machines may differ.
  private static let clockDifference: TimeInterval = 300

  /// Why this list must not replace another one; nil if it may. A list with a lower number, or an earlier date,
  /// would make revoked certificates valid again.
  /// - Parameters:
  ///   - old: the list in place; nil without one, and if it cannot be used.
  ///   - newest: the newest lists that are known to have been in place before. They may be put back.
  package func problem(replacing old: Self?, newest: [RevocationListMark], now: Date) -> String? {
    if thisUpdate > now + Self.clockDifference {
      return "it is dated \(thisUpdate.formatted(.iso8601)), which is in the future"
    }
    if let problem = newest.lazy.compactMap(self.problem(putBackAfter:)).first { return problem }
    guard let old else { return nil }
    // Each authority counts its own lists.
    if authority == old.authority, let number, let before = old.number, number <= before {
      return "its number is \(number), and the list in place has number \(before)"
    }
    if thisUpdate < old.thisUpdate {
      return
        "it is dated \(thisUpdate.formatted(.iso8601)), and the list in place \(old.thisUpdate.formatted(.iso8601))"
    }
    return nil
  }

  private func problem(putBackAfter newest: RevocationListMark) -> String? {
    if authority == newest.authority, let number, let before = newest.number, number < before {
      return "its number is \(number), and the newest list so far had number \(before)"
    }
    let date = Date(timeIntervalSince1970: Double(newest.thisUpdate))
    if thisUpdate < date {
      return
        "it is dated \(thisUpdate.formatted(.iso8601)), and the newest list so far \(date.formatted(.iso8601))"
    }
    return nil
  }
}

/// What is remembered of a list, so that a list that is older does not follow it even if its file is lost.
package struct RevocationListMark: Codable, Hashable, Sendable {
  /// The fingerprint of the certificate of the authority that signed it.
  package let authority: String
  package let number: Int?
  /// In seconds since 1970.
  package let thisUpdate: Int
}
