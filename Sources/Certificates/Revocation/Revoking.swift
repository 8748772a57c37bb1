import Database
import Files
import FoundationEssentials

/// What is to be revoked.
package struct RevocationOrder: Sendable {
  /// Identities, serials in hexadecimal, or paths of PEM files.
  package let words: [String]
  /// Only the certificates of this node.
  package let node: String?
  /// Whether certificates that came of these by renewal are revoked too.
  package let withRenewals: Bool
  package let reason: RevocationReason
  /// The holders of the file. An identity of the file can be revoked and blocked though it has no
  /// certificate.
  package let known: [CertificateHolder]

  package init(
    _ words: [String], node: String? = nil, withRenewals: Bool = false,
    because reason: RevocationReason = .unspecified, known: [CertificateHolder] = []
  ) {
    self.words = words
    self.node = node
    self.withRenewals = withRenewals
    self.reason = reason
    self.known = known
  }
}

/// What a revocation has changed.
package struct RevocationOutcome: Hashable, Sendable {
  package fileprivate(set) var revoked: [LedgerEntry] = []
  /// Certificates that were revoked before.
  package fileprivate(set) var before: [LedgerEntry] = []
  /// Certificates that came of these by renewal and stay valid, because the order did not include them.
  package fileprivate(set) var renewals: [LedgerEntry] = []
  /// Identities that get no certificate over the network from now on.
  package fileprivate(set) var blocked: [BlockedIdentity] = []
  /// The ids of join tokens that were revoked, because one of these identities could be requested with them.
  package fileprivate(set) var tokens: [String] = []
  /// The identities of all certificates, and those that were named.
  package fileprivate(set) var identities: Set<String> = []
}

extension Issuer {
  /// Revokes certificates, blocks the identities that were named, and revokes their join tokens. All in one
  /// transaction: no renewal or enrolment comes between the search and the revocation.
  ///
  /// A word that is an identity stands for all its certificates that have not ended. A PEM file may be one
  /// that the ledger does not know, if this authority or an earlier one has signed it: it is recorded then.
  /// - Parameter earlier: the certificates of earlier authorities, in PEM.
  /// - Throws: ``CertificatesError`` if a word matches nothing, or `FileError`; then nothing was changed.
  package func revoke(_ order: RevocationOrder, earlier: [String] = []) throws -> RevocationOutcome {
    guard let ledger else {
      throw CertificatesError("there is no ledger", hint: "issue a certificate first")
    }
    let files = try order.words.map { try SignedFile($0, by: self, earlier: earlier) }
    return try ledger.write { db in
      var revocation = Revocation(order: order, now: now)
      for (word, file) in zip(order.words, files) { try revocation.find(word, file: file, in: db) }
      try revocation.findRenewals(in: db)
      try revocation.mark(in: db)
      try revocation.block(in: db)
      try revocation.revokeTokens(in: db)
      return revocation.outcome
    }
  }
}

/// A certificate file that was named, read before the transaction.
private struct SignedFile {
  let facts: CertificateFacts
  /// The entry to record if the ledger does not know the certificate; nil if no known authority has signed it.
  let entry: LedgerEntry?

  /// - Returns: nil if the word is no path of a certificate.
  init?(_ word: String, by issuer: Issuer, earlier: [String]) throws {
    guard word.contains("/") || word.contains("."), FileManager.default.fileExists(atPath: word) else {
      return nil
    }
    let certificates = try PEMText(
      text: FileContents.readText(word, limit: credentialFileLimit), source: word
    ).certificates()
    guard let certificate = certificates.first else { return nil }
    facts = CertificateFacts(certificate)
    let authorities =
      try [issuer.authority.certificate]
      + earlier.flatMap { try PEMText(text: $0, source: "an earlier authority").certificates() }
    entry = authorities.first { $0.hasSigned(certificate) }.map { authority in
      LedgerEntry(
        CertificateFacts(certificate), by: CertificateFacts(authority).fingerprint,
        for: CertificateHolder(
          CertificateFacts(certificate).name ?? "", purpose: CertificateFacts(certificate).purpose),
        file: word.absolutePath)
    }
  }
}

extension CertificateFacts {
  /// The purpose by its usages and name, for a certificate that the ledger does not know.
  fileprivate var purpose: LedgerEntry.Purpose {
    guard extendedKeyUsages?.contains("serverAuth") == true else { return .client }
    return user?.hasPrefix("etcd-peer ") == true ? .peer : .server
  }
}

/// The steps of a revocation inside its transaction.
private struct Revocation {
  let order: RevocationOrder
  let now: Date
  var outcome = RevocationOutcome()
  /// Found so far, in the order of the words.
  private var found: [LedgerEntry] = []
  /// The identities that were named as such, each with the holders that it has.
  private var named: [(identity: String, holders: [Target])] = []

  /// A holder for whom a join token may be good.
  private struct Target: Hashable {
    let program: String
    let node: String?
  }

  init(order: RevocationOrder, now: Date) {
    self.order = order
    self.now = now
  }

  mutating func find(_ word: String, file: SignedFile?, in db: borrowing Connection) throws {
    let entries = try LedgerEntry.of(identity: word, in: db).filter { isOnNode($0.node) }
    let known = order.known.filter { $0.name.utf8.elementsEqual(word.utf8) && isOnNode($0.node) }
    if !entries.isEmpty || !known.isEmpty {
      let holders =
        entries.map { Target(program: $0.component ?? $0.identity, node: $0.node) }
        + known.map { Target(program: $0.component ?? $0.name, node: $0.node) }
      named.append((word, Array(Set(holders))))
      outcome.identities.insert(word)
      return add(entries.filter { $0.notAfter > now })
    }
    if let entry = try LedgerEntry.withSerial(Ledger.serial(word), in: db) { return add([entry]) }
    if let file {
      if let entry = try LedgerEntry.withFingerprint(file.facts.fingerprint, in: db) { return add([entry]) }
      if let entry = file.entry {
        try entry.insert(db)
        return add([entry])
      }
      throw CertificatesError(
        "no authority that is known here has signed \(word)", hint: "revoke it where it was issued")
    }
    throw CertificatesError(
      "\"\(word)\" is not an identity, serial or certificate of this ledger",
      hint: "'bulkhead certs list --all' shows identities and serials; a certificate that the ledger lost is "
        + "revoked by its PEM file")
  }

  private func isOnNode(_ node: String?) -> Bool { order.node == nil || order.node == node }

  private mutating func add(_ entries: [LedgerEntry]) {
    found += entries.filter { !found.contains($0) }
    outcome.identities.formUnion(entries.map(\.identity))
  }

  /// Renewals of renewals too.
  mutating func findRenewals(in db: borrowing Connection) throws {
    var serials = Set(found.map(\.serial))
    var parents = found.map(\.serial)
    var renewals: [LedgerEntry] = []
    while let parent = parents.popLast() {
      for entry in try LedgerEntry.renewed(from: parent, in: db)
      where entry.notAfter > now && serials.insert(entry.serial).inserted {
        renewals.append(entry)
        parents.append(entry.serial)
      }
    }
    if order.withRenewals {
      add(renewals)
    } else {
      outcome.renewals = renewals.filter { $0.revokedAt == nil }
    }
  }

  mutating func mark(in db: borrowing Connection) throws {
    for entry in found {
      let count = try db.run(
        "UPDATE certificate SET revokedAt = ?, reason = ? WHERE serial = ? AND revokedAt IS NULL",
        now.secondsSince1970, order.reason.rawValue, entry.serial)
      if count > 0 { outcome.revoked.append(entry) } else { outcome.before.append(entry) }
    }
  }

  mutating func block(in db: borrowing Connection) throws {
    for (identity, _) in named {
      let block = BlockedIdentity(
        identity: identity, node: order.node, since: now, reason: order.reason.rawValue)
      try block.insert(db)
      outcome.blocked.append(block)
    }
  }

  /// A token of a node without components is good for all identities of that node; one with components for
  /// these, on its node or, without one, for identities that belong to no node.
  mutating func revokeTokens(in db: borrowing Connection) throws {
    let tokens = try db.rows(
      "SELECT * FROM joinToken WHERE revokedAt IS NULL AND expiresAt > ? ORDER BY hash", now.secondsSince1970
    ) { (hash: try $0[0] as String, grant: try JoinGrant($0)) }
    let targets = named.flatMap(\.holders)
    for (hash, grant) in tokens where targets.contains(where: { grant.isGood(for: $0.program, on: $0.node) })
    {
      try db.run("UPDATE joinToken SET revokedAt = ? WHERE hash = ?", now.secondsSince1970, hash)
      outcome.tokens.append(String(hash.prefix(JoinTokenEntry.idLength)))
    }
  }
}

extension JoinGrant {
  /// Whether a certificate of this program could be requested with it.
  /// - Parameter node: that of the certificate; nil for a program that belongs to no node.
  fileprivate func isGood(for program: String, on node: String?) -> Bool {
    guard let components else { return self.node == node }
    return components.contains(program) && (node == nil || self.node == node)
  }
}
