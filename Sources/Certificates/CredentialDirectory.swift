import Files
import FoundationEssentials
import X509

/// A directory of issued credentials: `USER.crt` (0644) and `USER.key` (0600) for each user.
///
/// Characters of a user name that do not belong in a file name are percent-encoded.
public struct CredentialDirectory: Sendable {
  public let path: String

  public init(_ path: String) {
    self.path = path
  }

  /// What was done for a user.
  public enum Action: Hashable, Sendable {
    /// There was nothing, and there is a credential now.
    case issued
    /// The credential is good and was left untouched.
    case kept
    /// There was something that could not be used, and there is a new credential now.
    case replaced(because: CredentialFault)
  }

  /// A user, what was done, and where its files are.
  public struct Issuance: Hashable, Sendable {
    public let user: String
    public let action: Action
    public let certificatePath: String
    public let keyPath: String
  }

  /// - Throws: ``CertificatesError`` where the user's name makes no file name.
  public func certificatePath(of user: String) throws -> String { "\(path)/\(try certificateFile(of: user))" }

  /// - Throws: ``CertificatesError`` where the user's name makes no file name.
  public func keyPath(of user: String) throws -> String { "\(path)/\(try keyFile(of: user))" }

  /// Issues a client certificate for every user that has no good one here, and leaves good ones untouched.
  /// All names are checked before the first is issued; the directory is made with mode 0700 if need be. A run
  /// that was stopped is continued by the next.
  /// - Parameters:
  ///   - lifetime: from now; cut off where the authority ends.
  ///   - allowRoot: must be true where `root` is among the users.
  /// - Returns: what was done, in the order of the users.
  /// - Throws: ``CertificatesError`` or `FileError`; an unreadable file is never replaced, nor is a CA's.
  public func issueMissing(
    _ users: [String], by authority: Authority, lifetime: Duration, now: Date, allowRoot: Bool = false
  ) throws -> [Issuance] {
    for user in users {
      _ = (try SubjectName(user: user, allowRoot: allowRoot), try certificateFile(of: user))
    }
    try Directory.create(path, mode: 0o700)
    return try users.map { user in
      let action = try action(for: user, authority: authority, now: now)
      if action != .kept {
        let credential = try authority.issue(client: user, lifetime: lifetime, now: now, allowRoot: allowRoot)
        try write(credential, for: user)
      }
      return Issuance(
        user: user, action: action, certificatePath: try certificatePath(of: user),
        keyPath: try keyPath(of: user))
    }
  }

  /// Writes a user's key and certificate, both at once as far as the file system allows.
  /// - Throws: `FileError`.
  func write(_ credential: Credential, for user: String) throws {
    try AtomicFile.write(
      [
        NewFile(name: keyFile(of: user), bytes: Array(credential.key.secretPEM().utf8), mode: 0o600),
        NewFile(name: certificateFile(of: user), bytes: Array(credential.certificatePEM.utf8), mode: 0o644),
      ], in: path)
  }

  private func certificateFile(of user: String) throws -> String {
    try CredentialFileName.encode(user) + ".crt"
  }

  private func keyFile(of user: String) throws -> String { try CredentialFileName.encode(user) + ".key" }

  private func action(for user: String, authority: Authority, now: Date) throws -> Action {
    let keyPath = try keyPath(of: user)
    let certificatePath = try certificatePath(of: user)
    let certificate = try FileContents.readIfPresent(certificatePath, limit: credentialFileLimit)
    let key = try FileContents.readIfPresent(keyPath, limit: credentialFileLimit)
    if certificate == nil, key == nil { return .issued }
    guard let certificate else { return .replaced(because: .certificateMissing) }

    let text = PEMText(text: String(decoding: certificate, as: UTF8.self), source: certificatePath)
    guard let leaf = try? text.certificates().first else { return .replaced(because: .certificateUnreadable) }
    guard !CertificateFacts(leaf).isAuthority else {
      throw CertificatesError(
        "\(certificatePath) is the certificate of an authority and will not be replaced by a user's",
        hint: "move it away, or give the user another name or the credentials another directory")
    }
    guard let key else { return .replaced(because: .keyMissing) }
    guard let privateKey = try? PrivateKey(pem: String(decoding: key, as: UTF8.self), source: keyPath) else {
      return .replaced(because: .keyUnreadable)
    }
    if try FileContents.mode(of: keyPath) & 0o007 != 0 { return .replaced(because: .keyExposed) }
    let fault = Self.fault(of: leaf, key: privateKey, user: user, authority: authority, now: now)
    return fault.map { .replaced(because: $0) } ?? .kept
  }

  /// The first reason why a certificate and a key are no credential of a user, or nil.
  static func fault(
    of certificate: Certificate, key: PrivateKey, user: String, authority: Authority, now: Date
  ) -> CredentialFault? {
    let facts = CertificateFacts(certificate)
    if !key.belongs(to: certificate) { return .keyMismatch }
    if !authority.hasSigned(certificate) { return .otherAuthority }
    // Swift compares strings by what they look like, etcd by their bytes.
    guard facts.hasOneCommonName, let name = facts.user, name.utf8.elementsEqual(user.utf8) else {
      return .otherName
    }
    if !facts.isForClients { return .notForClients }
    if now >= facts.notAfter { return .expired }
    return now < facts.notBefore ? .notYetValid : nil
  }
}
