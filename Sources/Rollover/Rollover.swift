import Certificates
import Etcd
import Files
import FoundationEssentials
import Names

/// Replaces the authority of the client certificates without an interruption: the members trust both
/// authorities, the clients get certificates from the new one, the members trust only the new one. Each step
/// first checks on every member that the step before is complete, and throws if it is not.
package struct AuthorityRollover: Sendable {
  package let directory: RolloverDirectory
  /// The certificates of the identities.
  let clients: CredentialDirectory
  let endpoints: [Endpoint]
  /// Path of the authority of the members' server certificates.
  let serverAuthority: String
  let administrator: ClientCredentials
  let timeout: Duration

  package init(
    directory: String, clients: CredentialDirectory, endpoints: [Endpoint],
    administrator: ClientCredentials, timeout: Duration
  ) {
    self.directory = RolloverDirectory(directory)
    self.clients = clients
    self.endpoints = endpoints
    self.serverAuthority = administrator.authority
    self.administrator = administrator
    self.timeout = timeout
  }

  /// Checks every member of the cluster, whichever the endpoints are.
  private func trustCheck() async throws -> TrustCheck {
    try await TrustCheck(endpoints, as: administrator, timeout: timeout)
  }

  /// Step 1: creates the new authority, and the bundle of both for the members.
  /// - Throws: ``RolloverRefusal``, ``CertificatesError``, `EtcdError` or `FileError`.
  package func begin(with new: Authority, passphrase: Passphrase?) async throws {
    try expect(.idle)
    // Otherwise every client would need both authorities too, before any server certificate changes.
    let authority = try FileContents.readText("\(directory.path)/ca.crt").trimmed
    guard try !FileContents.readText(serverAuthority).contains(authority) else {
      throw RolloverRefusal(
        "the authority signs the members' server certificates too (\(serverAuthority))",
        hint:
          "give the clients an authority of their own first: create one, trust both, issue the certificates again"
      )
    }
    _ = try await trustCheck()
    try directory.begin(with: new, passphrase: passphrase)
  }

  /// Step 2: puts the new authority in place, once every member trusts both.
  /// - Throws: ``RolloverRefusal``, ``CertificatesError``, `EtcdError` or `FileError`.
  package func promote(ledger: Ledger, now: Date, passphrase: PassphraseSource?) async throws {
    try expect(.trustBoth)
    let check = try await trustCheck()
    try await withProbe(by: directory.next, ledger: ledger, now: now, passphrase: passphrase) {
      try await check.expectTrust(of: $0, of: $1, hint: Self.hint(directory.trust))
    }
    try directory.promote()
  }

  /// Step 3: issues a new certificate for each holder whose certificate is not from the new authority. May be
  /// repeated.
  /// - Throws: ``RolloverRefusal``, ``CertificatesError`` or `FileError`.
  package func reissue(
    for holders: [CertificateHolder], by issuer: Issuer, progress: (Int) -> Void = { _ in }
  ) throws -> [CredentialDirectory.Issuance] {
    try expect(.reissue)
    try directory.removeNext()
    return try clients.issue(for: holders, by: issuer, progress: progress)
  }

  /// Step 4: writes the bundle with the new authority alone, once no holder's latest certificate in the
  /// ledger is from the old authority and every member accepts every identity.
  /// - Throws: ``RolloverRefusal``, ``CertificatesError``, `EtcdError` or `FileError`.
  package func distrust(holders: [CertificateHolder], ledger: Ledger, now: Date) async throws {
    try expect(.reissue)
    let check = try await trustCheck()
    let old = try CertificateFacts(file: "\(directory.previous)/ca.crt")
    let left = try Inventory(ledger, now: now, share: 1).clients(of: old.fingerprint)
    guard left.isEmpty else {
      let names = left.prefix(5).map { $0.identity + ($0.node.map { " on \($0)" } ?? "") }
      throw RolloverRefusal(
        "\(left.count) certificates of the old authority are still the latest of their holders: "
          + names.joined(separator: ", "),
        hint: "issue or sign them again, or revoke those that are not in use")
    }
    guard try CertificateFacts(file: administrator.certificate).issuer != old.subject else {
      throw RolloverRefusal(
        "the administrator's certificate, \(administrator.certificate), is the old authority's",
        hint: "issue it again: 'bulkhead certs issue --root'")
    }
    // A blocked identity has no new certificate, and needs none.
    for holder in holders where try ledger.block(of: holder) == nil {
      let credentials = ClientCredentials(
        authority: serverAuthority, certificate: try clients.certificatePath(of: holder),
        key: try clients.keyPath(of: holder), serverName: administrator.serverName)
      try await check.expectTrust(
        of: credentials, of: "the certificate of \(holder.name)",
        hint: "see that every member trusts \(directory.trust)")
    }
    try directory.trustNewOnly()
  }

  /// Step 5: moves the old authority aside, once no member trusts it.
  /// - Returns: The folder that it was moved to, and the peer URLs that could not be asked, with the reason.
  /// - Throws: ``RolloverRefusal``, ``CertificatesError``, `EtcdError` or `FileError`.
  package func finish(
    ledger: Ledger, now: Date, passphrase: PassphraseSource?
  ) async throws -> (retired: String, notAsked: [String]) {
    try expect(.trustNew)
    let check = try await trustCheck()
    // A member whose clock is behind refuses this one too, and then the other refusal shows nothing.
    try await withProbe(by: directory.path, ledger: ledger, now: now, passphrase: passphrase) {
      try await check.expectTrust(
        of: $0, of: "\($1), which trust.crt names",
        hint:
          "compare the clocks of this machine and of the member, and see that the member trusts \(directory.trust)"
      )
    }
    var notAsked: [String] = []
    try await withProbe(by: directory.previous, ledger: ledger, now: now, passphrase: passphrase) {
      try await check.expectRefusal(of: $0, of: $1, hint: Self.hint(directory.trust, removing: true))
      notAsked = try await check.expectRefusalAtPeerPorts(of: $0, of: $1)
    }
    return (try directory.retire(), notAsked)
  }

  /// What is to be done at the members. `--trusted-ca-file` may name other authorities too, such as the one of
  /// kube-apiserver's certificate; without them their clients are locked out.
  private static func hint(_ trust: String, removing: Bool = false) -> String {
    (removing
      ? "remove the old authority from the file of --trusted-ca-file of every member"
      : "add the certificates of \(trust) to the file of --trusted-ca-file of every member")
      + ", keep the other authorities in it, restart the members one by one, and try again"
  }

  /// Issues a certificate of an authority that names no etcd user, and deletes it after `body`.
  private func withProbe(
    by authority: String, ledger: Ledger, now: Date, passphrase: PassphraseSource?,
    _ body: (_ credentials: ClientCredentials, _ subject: String) async throws -> Void
  ) async throws {
    let folder = "\(directory.path)/probe"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let issuer = Issuer(
      try Authority.load(authority, now: now, passphrase: passphrase), ledger: ledger,
      lifetime: .seconds(3600), now: now)
    try issuer.issueProbe(name: "probe", to: folder)
    try await body(
      ClientCredentials(
        authority: serverAuthority, certificate: "\(folder)/probe.crt", key: "\(folder)/probe.key",
        serverName: administrator.serverName),
      "certificates of \(issuer.authority.facts.subject)")
  }

  private func expect(_ wanted: RolloverDirectory.Stage) throws {
    let stage = try directory.stage()
    guard stage == wanted else {
      throw RolloverRefusal(
        "the roll-over is at the stage \(stage.rawValue), not \(wanted.rawValue)",
        hint: "'bulkhead certs rollover' says what is next")
    }
  }
}
