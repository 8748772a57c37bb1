import Certificates
import Files
import FoundationEssentials
import Reporting
import Terminal

/// Refuses certificates that must not be delivered to hosts or pods: what `certs inspect --for` says cannot stay in use,
/// and those of blocked identities.
struct DeliveryCheck {
  /// The certificate of the authority that must have signed them; nil if it is not on this machine.
  private let authority: String?
  private let ledger: Ledger?
  /// The options with which `certs issue` is asked for them.
  private let options: String
  private let now: Date

  /// - Parameter nodes: The value of `--nodes`; nil without it.
  init(_ workspace: Workspace, nodes: String? = nil, now: Date = Date()) throws {
    let path = "\(workspace.authority)/ca.crt"
    authority = try FileContents.readIfPresent(path) == nil ? nil : path
    ledger = try workspace.ledgerIfPresent()
    options = nodes.map { " --nodes \($0)" } ?? ""
    self.now = now
  }

  /// The command that issues what is missing.
  var issuing: String { "'bulkhead certs issue\(options)'" }

  /// - Parameter path: The certificate of the holder.
  /// - Throws: `CommandError` with the reason and what to do; `FileError` or `CertificatesError`.
  func check(_ holder: CertificateHolder, at path: String) throws {
    let text = try FileContents.readText(path, limit: 1 << 20)
    let facts = try CertificateFacts(pem: text, source: path)
    let refusal = "the certificate of '\(holder.name)' at \(path) is not delivered"
    if let block = try ledger?.block(of: holder) {
      let node = block.node.map { " --node \($0)" } ?? ""
      throw CommandError(
        "\(refusal): the identity is blocked since it was revoked",
        hint:
          "'bulkhead certs unblock \(holder.name)\(node)' lifts the block, then \(issuing) issues another one"
      )
    }
    var fault: CredentialFault?
    if let authority {
      fault = try CertificateFacts.fault(
        of: text, source: path, as: holder.name, signedBy: authority, now: now)
    } else if facts.notAfter <= now {
      fault = .expired
    }
    if fault == nil, try ledger?.entry(of: facts)?.revokedAt != nil { fault = .revoked }
    guard let fault else { return }
    throw CommandError("\(refusal): \(fault)", hint: "\(issuing) replaces it")
  }

  /// Whether a certificate may be delivered. If not, a warning says why: what does not need it goes on.
  /// - Throws: `FileError` or `CertificatesError`.
  func allows(_ holder: CertificateHolder, at path: String) throws -> Bool {
    do {
      try check(holder, at: path)
      return true
    } catch let refusal as CommandError {
      Console.note(
        "\(Console.errorStyle.caution("warning:")) \(refusal.message)\nhint: \(refusal.hint ?? "")")
      return false
    }
  }
}
