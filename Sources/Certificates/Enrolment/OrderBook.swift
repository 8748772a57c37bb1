import Cryptography
import Database
import FoundationEssentials

/// Orders are filled in one ledger transaction: the proof is checked, marked as used and recorded together
/// with the certificate. So no token is used twice, with any number of processes and after any crash, and the
/// orders of a batch share one disk write.
extension Issuer {
  /// Fills orders independently of each other.
  /// - Returns: for each order the certificate, ``OrderRefusal`` or ``CertificatesError``.
  /// - Throws: ``CertificatesError`` if the ledger cannot be written; then no order is filled and no token is
  ///   used.
  package func fill(_ orders: [EnrolmentOrder]) async throws -> [Result<FilledOrder, any Error>] {
    guard let ledger else {
      throw CertificatesError(
        "orders are filled only by an authority with a ledger", hint: "open the authority's ledger")
    }
    let listed = try checkLedgerIsCurrent()
    return try await ledger.writeAside { db in
      try orders.map { order in
        do {
          return .success(try fill(order, listed: listed, in: db))
        } catch let error as DatabaseError {
          // Part of an order may have been written, so the whole transaction is rolled back.
          throw error
        } catch {
          return .failure(error)
        }
      }
    }
  }

  /// - Parameter listed: the serials on the revocation list.
  private func fill(
    _ order: EnrolmentOrder, listed: Set<String>, in db: borrowing Connection
  ) throws -> FilledOrder {
    let request = order.request
    let proved = try proved(order, listed: listed, in: db)
    let holder = try order.decide(request.name, proved.entitlement)
    try holder.checkIsNotBlocked(in: db)
    try request.checkKeyIsOwn(of: holder, in: db)
    if let token = proved.token {
      try token.checkIsUnspent(for: holder, in: db)
    } else if proved.renewed == nil {
      try limits.checkMayEnrol(holder, now: now, in: db)
    }
    if let use = proved.use { try use.checkIsUnspent(for: holder, in: db) }
    let certificate = try certify(request, for: holder, lifetime: enrolledLifetime)
    let facts = CertificateFacts(certificate)
    let filled = FilledOrder(
      certificatePEM: try certificate.pem() + authority.chainPEM, serial: facts.serial, holder: holder)
    try LedgerEntry(
      facts, by: authority, for: holder, file: nil, renewedFrom: proved.renewed?.serial,
      podUID: proved.use?.podUID
    )
    .insert(db)
    if let token = proved.token { try token.spend(on: facts.serial, for: holder, in: db) }
    if let use = proved.use { try use.spend(on: facts.serial, for: holder, now: now, in: db) }
    try limits.supersede(for: holder, now: now, in: db)
    return filled
  }

  /// What a proof of identity has proved.
  private struct Proved {
    let entitlement: Entitlement
    var token: SpendableToken?
    /// The service-account token.
    var use: TokenUse?
    /// The certificate that is renewed.
    var renewed: LedgerEntry?
  }

  private func proved(
    _ order: EnrolmentOrder, listed: Set<String>, in db: borrowing Connection
  ) throws -> Proved {
    switch order.proof {
    case .vouched(let entitlement, let use): return Proved(entitlement: entitlement, use: use)
    case .token(let token):
      let spendable = try SpendableToken(token, now: now, in: db)
      let grant = spendable.grant
      return Proved(
        entitlement: Entitlement(node: grant.node, components: grant.components), token: spendable)
    case .certificate(let der, let signature):
      let entry = try LedgerEntry.renewable(
        der, signature, by: order.request, listed: listed, now: now, in: db)
      try limits.checkMayRenew(
        entry, isReplaced: entry.authority != authority.facts.fingerprint, reason: order.reason, now: now,
        in: db)
      return Proved(
        entitlement: Entitlement(node: entry.node, components: [entry.component ?? entry.identity]),
        renewed: entry)
    }
  }
}

extension CertificateRequest {
  /// Refuses a key that another identity has, or the same identity on another node: the two could not be told
  /// apart by their keys, and would be stolen together.
  fileprivate func checkKeyIsOwn(of holder: CertificateHolder, in db: borrowing Connection) throws {
    let others: Int =
      try db.value(
        """
        SELECT count(*) FROM certificate WHERE publicKey = ? AND NOT (identity = ? AND node IS ?)
        """, publicKey.fingerprint, holder.name, holder.node) ?? 0
    guard others == 0 else {
      throw OrderRefusal(
        .forbidden, "the request has the key of another identity's certificate",
        hint: "make a new key for each certificate")
    }
  }
}

/// A token that is valid now, inside a transaction.
private struct SpendableToken {
  private let hash: String
  let grant: JoinGrant

  init(_ token: JoinToken, now: Date, in db: borrowing Connection) throws {
    hash = token.hash
    let row = try db.first("SELECT * FROM joinToken WHERE hash = ?", hash) {
      (grant: try JoinGrant($0), revokedAt: try JoinTokenEntry.revokedAt($0))
    }
    let hint = "make another with 'bulkhead authority token'"
    guard let row else { throw OrderRefusal(.unproven, "the join token is not known", hint: hint) }
    grant = row.grant
    guard row.revokedAt == nil else {
      throw OrderRefusal(.unproven, "the join token was revoked", hint: hint)
    }
    guard now < grant.expiresAt else {
      throw OrderRefusal(.unproven, "the join token has expired", hint: hint)
    }
  }

  func checkIsUnspent(for holder: CertificateHolder, in db: borrowing Connection) throws {
    let uses: Int =
      try db.value(
        "SELECT count(*) FROM joinTokenUse WHERE token = ? AND identity = ?", hash, holder.name) ?? 0
    guard uses < grant.uses else {
      throw OrderRefusal(
        .unproven, "the join token was used for \"\(holder.name)\" already",
        hint: "renew with the certificate, or make another token with 'bulkhead authority token'")
    }
  }

  func spend(on serial: String, for holder: CertificateHolder, in db: borrowing Connection) throws {
    try db.run(
      "INSERT INTO joinTokenUse (token, identity, serial) VALUES (?, ?, ?)", hash, holder.name, serial)
  }
}

extension LedgerEntry {
  /// The entry of a certificate that may be renewed by this request.
  ///
  /// The fingerprint covers the whole certificate, so a known one is byte for byte a certificate that was
  /// issued here, by this authority or an earlier one.
  /// - Parameter listed: the serials on the revocation list: their certificates are revoked, whatever the ledger
  ///   says.
  fileprivate static func renewable(
    _ der: [UInt8], _ signature: RenewalSignature?, by request: CertificateRequest, listed: Set<String>,
    now: Date, in db: borrowing Connection
  ) throws -> LedgerEntry {
    guard let certificate = try? Certificate(der: der) else {
      throw OrderRefusal(
        .unproven, "the client's certificate cannot be read", hint: "show the one that was issued here")
    }
    let facts = CertificateFacts(certificate)
    let hint = "enrol again with a join token or a service account"
    guard
      let entry = try LedgerEntry.withFingerprint(facts.fingerprint, in: db),
      entry.purpose == .client
    else {
      throw OrderRefusal(.unproven, "the client's certificate was not issued here", hint: hint)
    }
    // The fingerprint is that of the ledger, so the key is that of the certificate which was issued.
    try signature?.check(by: certificate.publicKey, now: now)
    guard entry.revokedAt == nil, !listed.contains(entry.serial) else {
      // A blocked identity is refused with each other proof too.
      try CertificateHolder(client: entry.identity, component: entry.component, node: entry.node)
        .checkIsNotBlocked(in: db)
      throw OrderRefusal(.unproven, "the client's certificate was revoked", hint: hint)
    }
    guard facts.isValid(at: now) else {
      throw OrderRefusal(.unproven, "the client's certificate has expired", hint: hint)
    }
    guard entry.identity.utf8.elementsEqual(request.name.utf8) else {
      throw OrderRefusal(
        .forbidden,
        "the request is for \"\(request.name)\" and the client's certificate for \"\(entry.identity)\"",
        hint: "renew each certificate with itself")
    }
    guard try certificate.publicKey != request.publicKey else {
      throw OrderRefusal(
        .forbidden, "the request has the key of the certificate that it is to renew", hint: "make a new key")
    }
    return entry
  }
}
