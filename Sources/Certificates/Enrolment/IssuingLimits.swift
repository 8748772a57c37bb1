import Database
import FoundationEssentials

/// How many certificates an identity can get over the network. Without limits, the holder of one stolen key
/// could get so many that the revocation list slows down etcd, which reads all of it at each TLS handshake
/// (etcd, `client/pkg/transport/listener_tls.go`).
package struct IssuingLimits: Hashable, Sendable {
  /// The longest lifetime of a certificate that is issued over the network, unless the file has another.
  package static let lifetime: Duration = .seconds(24 * 3600)

  /// The share of its lifetime before which a certificate is renewed only for a reason.
  package var renewalShare = 1.0 / 3
  /// How often the same certificate can be renewed within an hour. More than once, because an answer may be
  /// lost; not a total, because a server that is slow for a while must not lock its clients out for good.
  package var renewalsAnHour = 3
  /// How many certificates a holder gets within a day by renewals before their time.
  package var earlyRenewalsADay = 4
  /// How many certificates a holder gets within an hour with proofs that are not used up, such as
  /// service-account tokens.
  package var enrolmentsAnHour = 20
  /// The same for an identity that belongs to no node, because several replicas may use it.
  package var enrolmentsAnHourOfAll = 200
  /// How many valid certificates a holder has at most on a node. If it gets one more, the oldest is revoked
  /// with the reason `superseded`.
  package var liveOnNode = 4
  /// The same for an identity that belongs to no node, because several replicas may use it.
  package var live = 64

  package init() {}

  /// Checks whether a certificate can be renewed now.
  /// - Parameters:
  ///   - isReplaced: whether another authority issued it than the one in use, as after a roll-over.
  ///   - reason: why it is renewed before its time; nil if it is not.
  func checkMayRenew(
    _ entry: LedgerEntry, isReplaced: Bool, reason: RenewalReason?, now: Date, in db: borrowing Connection
  ) throws {
    let renewals: Int =
      try db.value(
        "SELECT count(*) FROM certificate WHERE renewedFrom = ? AND notBefore > ?", entry.serial,
        now.secondsSince1970 - 3_600) ?? 0
    guard renewals < renewalsAnHour else {
      throw OrderRefusal(
        .forbidden, "the client's certificate was renewed \(renewals) times within an hour",
        hint: "renew with the newest certificate, or try again in an hour")
    }
    let due = dueDate(notBefore: entry.notBefore, notAfter: entry.notAfter, after: renewalShare)
    // A certificate that is due is renewed whatever the reason says.
    guard now < due else { return }
    if reason == .newAuthority, !isReplaced {
      throw OrderRefusal(
        .forbidden, "the authority in use has issued the client's certificate",
        hint: "renew it when a third of its lifetime has passed, or for another reason")
    }
    guard !isReplaced else { return }
    guard reason != nil else {
      throw OrderRefusal(
        .forbidden, "the client's certificate can be renewed from \(due.formatted(.iso8601)) on",
        hint: "wait until then, or send a reason: 'bulkhead agent --once --renew requested'")
    }
    let early: Int =
      try db.value(
        """
        SELECT count(*) FROM certificate AS new JOIN certificate AS old ON new.renewedFrom = old.serial
        WHERE new.identity = ? AND new.node IS ? AND new.notBefore > ?
          AND new.notBefore < old.notBefore + (old.notAfter - old.notBefore) * ?
        """, entry.identity, entry.node, now.secondsSince1970 - 86_400, renewalShare) ?? 0
    guard early < earlyRenewalsADay else {
      throw OrderRefusal(
        .forbidden, "\"\(entry.identity)\" was renewed before its time \(early) times within a day",
        hint: "wait until \(due.formatted(.iso8601))")
    }
  }

  /// Checks whether a holder can get one more certificate with a proof that is not used up.
  func checkMayEnrol(_ holder: CertificateHolder, now: Date, in db: borrowing Connection) throws {
    let limit = holder.node == nil ? enrolmentsAnHourOfAll : enrolmentsAnHour
    let count: Int =
      try db.value(
        """
        SELECT count(*) FROM certificate
        WHERE identity = ? AND node IS ? AND renewedFrom IS NULL AND file IS NULL AND notBefore > ?
        """, holder.name, holder.node, now.secondsSince1970 - 3_600) ?? 0
    guard count < limit else {
      throw OrderRefusal(
        .forbidden, "\"\(holder.name)\" got \(count) certificates within an hour",
        hint: "renew with the current certificate, or try again in an hour")
    }
  }

  /// Revokes the oldest certificates of a holder if it has more than the limit.
  func supersede(for holder: CertificateHolder, now: Date, in db: borrowing Connection) throws {
    let limit = holder.node == nil ? live : liveOnNode
    try db.run(
      """
      UPDATE certificate SET revokedAt = ?, reason = ? WHERE id IN (
        SELECT id FROM certificate
        WHERE identity = ? AND node IS ? AND purpose = ? AND revokedAt IS NULL AND notAfter > ?
        ORDER BY id DESC LIMIT -1 OFFSET ?)
      """,
      now.secondsSince1970, RevocationReason.superseded.rawValue, holder.name, holder.node,
      holder.purpose.rawValue, now.secondsSince1970, limit)
  }
}
