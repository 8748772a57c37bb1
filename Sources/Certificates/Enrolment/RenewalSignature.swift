import Cryptography
import FoundationEssentials

/// A signature by the key of the certificate that is renewed, over the request and the time.
package struct RenewalSignature: Sendable {
  /// What was signed.
  let text: [UInt8]
  let signature: [UInt8]
  let time: Date

  /// How far its time may be from that of the authority. The time only bounds how long a signature that was recorded
  /// can be sent again: what it gets is a certificate for the same key. So a clock that is minutes wrong does no harm.
  static let tolerance: TimeInterval = 3_600

  /// - Parameters:
  ///   - signature: as ``PrivateKey/signature(of:)`` makes it.
  ///   - time: when it was made; a part of `text`.
  package init(of text: [UInt8], _ signature: [UInt8], at time: Date) {
    self.text = text
    self.signature = signature
    self.time = time
  }

  func check(by key: PublicKey, now: Date) throws(OrderRefusal) {
    guard abs(time.timeIntervalSince(now)) <= Self.tolerance else {
      throw OrderRefusal(
        .unproven, "the renewal was signed at \(time.formatted(.iso8601)), more than an hour from now",
        hint: "set the clocks of the node and of the authority's machine")
    }
    guard key.isValid(signature, of: text) else {
      throw OrderRefusal(
        .unproven, "the renewal is not signed with the key of the certificate that it renews",
        hint: "sign the request with the current key: see Documentation/authority.md, renewals")
    }
  }
}

extension RenewalReason {
  /// - Throws: ``OrderRefusal`` if the word is not one of them.
  init(word: String) throws(OrderRefusal) {
    guard let reason = Self(rawValue: word) else {
      throw OrderRefusal(
        .forbidden, "the request has an unknown reason",
        hint: "send one of: \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    self = reason
  }
}
