import Certificates
import FoundationEssentials
import Segmentation

/// One certificate: its contents, its etcd user, what that user may do, and when it expires.
package struct CertificateReport: TextReport, Sendable {
  let certificate: CertificateFacts
  /// The etcd user that its holder becomes.
  let user: String?
  /// Whether the segmentation file has this user; nil without a file.
  let isIdentity: Bool?
  /// What the user may do according to the segmentation file, role by role.
  let roles: [RoleLines]
  let revokedAt: Date?
  /// The path of the certificate according to the ledger.
  let file: String?
  /// What needs action.
  let warnings: [String]

  struct RoleLines: Encodable, Sendable {
    let role: String
    let grants: [String]
  }

  package var needsAttention: Bool { !warnings.isEmpty }

  /// The question whether a certificate can stay in use as that of an identity.
  package struct Use: Sendable {
    let identity: String
    /// Why it cannot, apart from a revocation; nil if it can.
    let fault: CredentialFault?

    package init(identity: String, fault: CredentialFault?) {
      self.identity = identity
      self.fault = fault
    }
  }

  /// - Parameters:
  ///   - segmentation: The segmentation of the file; nil without a file.
  ///   - entry: The entry of the certificate in the ledger; nil without one.
  ///   - use: Only whether it can stay in use as that of an identity needs attention; nil for everything.
  package init(
    _ facts: CertificateFacts, segmentation: Segmentation?, entry: LedgerEntry?, use: Use? = nil, now: Date
  ) {
    certificate = facts
    user = facts.isAuthority || !facts.isForClients ? nil : facts.user
    let identity = user.flatMap { user in
      segmentation?.identities.first { $0.user.utf8.elementsEqual(user.utf8) }
    }
    isIdentity = user == nil || segmentation == nil ? nil : identity != nil
    roles = (identity?.roles ?? []).map { name in
      RoleLines(
        role: name,
        grants: name == Role.root
          ? ["everything"] : segmentation?[role: name]?.grants.map { "\($0.grant)" } ?? [])
    }
    revokedAt = entry?.revokedAt
    file = entry?.file
    warnings =
      if let use {
        (use.fault.map { ["it cannot stay in use as that of '\(use.identity)': \($0)"] } ?? [])
          + (entry?.revokedAt.map { ["it was revoked on \($0.day)"] } ?? [])
      } else {
        Self.warnings(facts, entry: entry, now: now)
      }
  }

  private static func warnings(_ facts: CertificateFacts, entry: LedgerEntry?, now: Date) -> [String] {
    var warnings: [String] = []
    if now >= facts.notAfter {
      warnings.append("it has ended")
    } else if now < facts.notBefore {
      warnings.append("it is not valid yet")
    } else if facts.isDue(at: now, after: Renewal.usualShare) {
      warnings.append("it is due for renewal")
    }
    if let revokedAt = entry?.revokedAt { warnings.append("it was revoked on \(revokedAt.day)") }
    guard facts.isForClients, !facts.isAuthority else { return warnings }
    if facts.commonNames.count > 1 {
      warnings.append("it has \(facts.commonNames.count) Common Names: etcd takes the last, others the first")
    } else if facts.user == nil, facts.transportName == nil {
      warnings.append("its Common Name is missing, empty or ambiguous: etcd refuses it")
    }
    return warnings
  }

  package func text(_ style: Style) -> String {
    var rows: [(String, String)] = [
      ("etcd user", userText), ("subject", certificate.subject), ("issuer", certificate.issuer),
      ("serial", certificate.serial),
      ("valid", "\(certificate.notBefore.day) to \(certificate.notAfter.day)"),
      ("use", certificate.extendedKeyUsages.map { $0.joined(separator: ", ") } ?? "any"),
      (
        "other names",
        certificate.alternativeNames.isEmpty
          ? "none" : certificate.alternativeNames.joined(separator: ", ")
      ),
      ("key", certificate.keyAlgorithm), ("SHA-256", certificate.fingerprint),
    ]
    for role in roles {
      rows.append(("role", role.role))
      rows += role.grants.map { ("", $0) }
    }
    if isIdentity == false { rows.append(("role", "none: the segmentation file has no such identity")) }
    return
      (Table(rows.map { [Table.Cell($0.0, style.faint), Table.Cell($0.1)] }, indent: 0).lines
      + warnings.map { style.caution("attention: \($0)") }).joined(separator: "\n")
  }

  private var userText: String {
    if certificate.isAuthority { return "none: this is an authority" }
    guard certificate.isForClients else { return "none: it is not for clients" }
    if let name = certificate.transportName {
      return "none: '\(name)' secures the connection of a user that logs in with a password"
    }
    return user ?? "none: it has no Common Name that etcd would accept"
  }
}

extension Date {
  /// `2026-11-24`, in UTC.
  package var day: String { formatted(.iso8601.year().month().day()) }
}
