import Cryptography
import Files
import FoundationEssentials

/// A directory of issued credentials: `USER.crt` (0644) and `USER.key` (0600) for each user.
///
/// Characters of a user name that are unsafe in a file name are percent-encoded.
package struct CredentialDirectory: Sendable {
  package let path: String

  package init(_ path: String) {
    self.path = path
  }

  /// The action for a user.
  package enum Action: Hashable, Sendable {
    /// A credential was issued; none existed.
    case issued
    /// The existing credential is valid and was not changed.
    case kept
    /// An unusable credential was replaced by a new one.
    case replaced(because: CredentialFault)
    /// A valid credential was replaced by a new one.
    case renewed
    /// A credential is missing, unusable or due, and none was issued, because the identity is blocked.
    case blocked(BlockedIdentity)
  }

  /// A user, the action, and the paths of its files.
  package struct Issuance: Hashable, Sendable {
    package let user: String
    package let action: Action
    package let certificatePath: String
    package let keyPath: String

    /// Whether a credential was issued.
    package var isNew: Bool {
      switch action {
      case .kept, .blocked: false
      case .issued, .replaced, .renewed: true
      }
    }

    /// The block because of which none was issued; nil if none is the cause.
    package var block: BlockedIdentity? {
      if case .blocked(let block) = action { block } else { nil }
    }
  }

  /// - Throws: ``CertificatesError`` where the user's name makes no file name.
  package func certificatePath(of user: String) throws -> String {
    try certificatePath(of: CertificateHolder(client: user))
  }

  /// - Throws: ``CertificatesError`` where the user's name makes no file name.
  package func keyPath(of user: String) throws -> String { try keyPath(of: CertificateHolder(client: user)) }

  /// - Throws: ``CertificatesError`` where the names make no file name.
  package func certificatePath(of holder: CertificateHolder) throws -> String {
    "\(path)/\(try holder.fileName()).crt"
  }

  /// - Throws: ``CertificatesError`` where the names make no file name.
  package func keyPath(of holder: CertificateHolder) throws -> String {
    "\(path)/\(try holder.fileName()).key"
  }

  /// Issues a client certificate for each user that has no valid one here, without a ledger.
  /// - Throws: as ``issue(for:by:renewal:)``.
  package func issueMissing(
    _ users: [String], by authority: Authority, lifetime: Duration, now: Date, allowRoot: Bool = false
  ) throws -> [Issuance] {
    try issue(
      for: users.map { CertificateHolder(client: $0) },
      by: Issuer(authority, ledger: nil, lifetime: lifetime, now: now, allowRoot: allowRoot))
  }

  /// How many certificates are recorded in one transaction: enough that its disk write does not dominate.
  private static let batch = 64

  /// Issues a client certificate with a new key for each holder that has no valid one here, or whose valid
  /// one is to be renewed, except blocked ones. Other certificates stay; valid ones that are not in the ledger are recorded there.
  /// All names are checked before the first certificate is issued; the directory is created with mode 0700 if
  /// needed. The next run continues one that was interrupted.
  /// - Parameter progress: called with the number of holders done.
  /// - Returns: one issuance for each holder, in order.
  /// - Throws: ``CertificatesError`` or `FileError`. An unreadable file and a CA certificate are never
  ///   replaced.
  package func issue(
    for holders: [CertificateHolder], by issuer: Issuer, renewal: Renewal = .never,
    progress: (Int) -> Void = { _ in }
  ) throws -> [Issuance] {
    for holder in holders { _ = (try issuer.check(holder), try holder.fileName()) }
    try issuer.checkLedgerIsCurrent()
    try Directory.create(path, mode: 0o700)
    var issuances: [Issuance] = []
    for start in stride(from: 0, to: holders.count, by: Self.batch) {
      issuances += try issue(
        batch: holders[start..<min(start + Self.batch, holders.count)], by: issuer, renewal: renewal)
      progress(issuances.count)
    }
    return issuances
  }

  private func issue(
    batch holders: ArraySlice<CertificateHolder>, by issuer: Issuer, renewal: Renewal
  ) throws -> [Issuance] {
    var issuances: [Issuance] = []
    var missing: [(holder: CertificateHolder, file: String)] = []
    var unrecorded: [LedgerEntry] = []
    for holder in holders {
      let file = try certificatePath(of: holder)
      let (needed, kept) = try action(for: holder, by: issuer, renewal: renewal)
      let block = needed == .kept ? nil : try issuer.ledger?.block(of: holder)
      let issuance = Issuance(
        user: holder.name, action: block.map(Action.blocked) ?? needed, certificatePath: file,
        keyPath: try keyPath(of: holder))
      issuances.append(issuance)
      if issuance.isNew {
        missing.append((holder, file))
      } else if let kept, let ledger = issuer.ledger, try ledger.entry(of: kept) == nil {
        unrecorded.append(LedgerEntry(kept, by: issuer.authority, for: holder, file: file.absolutePath))
      }
    }
    try issuer.ledger?.record(unrecorded)
    let credentials = try issuer.issue(missing)
    for (request, credential) in zip(missing, credentials) {
      try credential.write(name: request.holder.fileName(), in: path)
    }
    return issuances
  }

  /// The action for a holder, and the contents of its certificate if that stays.
  private func action(
    for holder: CertificateHolder, by issuer: Issuer, renewal: Renewal
  ) throws -> (Action, CertificateFacts?) {
    let keyPath = try keyPath(of: holder)
    let certificatePath = try certificatePath(of: holder)
    let certificate = try FileContents.readIfPresent(certificatePath, limit: credentialFileLimit)
    let key = try FileContents.readIfPresent(keyPath, limit: credentialFileLimit)
    if certificate == nil, key == nil { return (.issued, nil) }
    guard let certificate else { return (.replaced(because: .certificateMissing), nil) }

    let text = PEMText(text: String(decoding: certificate, as: UTF8.self), source: certificatePath)
    guard let leaf = try? text.certificates().first else {
      return (.replaced(because: .certificateUnreadable), nil)
    }
    let facts = CertificateFacts(leaf)
    guard !facts.isAuthority else {
      throw CertificatesError(
        "\(certificatePath) is the certificate of an authority and will not be replaced by a user's",
        hint: "move it away, or give the user another name or the credentials another directory")
    }
    guard let key else { return (.replaced(because: .keyMissing), nil) }
    guard let privateKey = try? PrivateKey(pem: String(decoding: key, as: UTF8.self), source: keyPath) else {
      return (.replaced(because: .keyUnreadable), nil)
    }
    if try FileContents.mode(of: keyPath) & 0o007 != 0 { return (.replaced(because: .keyExposed), nil) }
    if let fault = CredentialFault.first(
      of: leaf, key: privateKey, user: holder.name, authority: issuer.authority.certificate,
      now: issuer.now)
    {
      return (.replaced(because: fault), nil)
    }
    if try issuer.ledger?.entry(of: facts)?.revokedAt != nil { return (.replaced(because: .revoked), nil) }
    let isRenewed = renewal.applies(to: facts, by: issuer.authority, now: issuer.now)
    return isRenewed ? (.renewed, nil) : (.kept, facts)
  }
}
