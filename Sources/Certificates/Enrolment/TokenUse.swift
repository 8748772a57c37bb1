import Database
import FoundationEssentials

/// A service-account token that was used as the proof of a request. Each identity gets one certificate with it.
package struct TokenUse: Hashable, Sendable, Codable {
  /// The token's claim `jti`, or another text that no other token has.
  package let id: String
  /// The UID of the pod that the token is bound to.
  package let podUID: String
  package let expiresAt: Date

  package init(id: String, podUID: String, expiresAt: Date) {
    self.id = id
    self.podUID = podUID
    self.expiresAt = expiresAt
  }

  func checkIsUnspent(for holder: CertificateHolder, in db: borrowing Connection) throws {
    let count: Int? = try db.value(
      "SELECT count(*) FROM tokenUse WHERE jti = ? AND identity = ?", id, holder.name)
    guard count ?? 0 == 0 else {
      throw OrderRefusal(
        .unproven, "the service-account token was used for \"\(holder.name)\" already",
        hint: "renew with the certificate, or wait until the kubelet replaces the token of the pod")
    }
  }

  func spend(on serial: String, for holder: CertificateHolder, now: Date, in db: borrowing Connection) throws
  {
    // An expired token is refused before this, so its uses need not be kept. An hour of grace covers clocks that
    // step back. The table is searched for them once in a while only: serials are random.
    if serial.hasSuffix("00") {
      try db.run("DELETE FROM tokenUse WHERE expiresAt < ?", (now - 3_600).secondsSince1970)
    }
    try db.run(
      "INSERT INTO tokenUse (jti, identity, serial, expiresAt) VALUES (?, ?, ?, ?)", id, holder.name,
      serial, expiresAt.secondsSince1970)
  }
}
