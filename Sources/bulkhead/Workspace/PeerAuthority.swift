import Arguments
import Certificates
import Files
import FoundationEssentials
import Segmentation
import Terminal

/// The flag for an authority whose clients could act as etcd members.
struct PeerAuthorityOption: ParsableArguments {
  @Flag(
    help:
      "Allow an authority whose client certificates may be accepted at the peer port, where they write every key."
  )
  var clientsCanActAsMembers = false

  /// Refuses an authority that is among `etcd.ca` of the segmentation file, or that one of these has signed: etcd's
  /// peers usually trust the authority of the servers, and what it has signed. The peer port checks no user (etcd,
  /// `server/etcdserver/api/rafthttp`), so each client certificate could write every key there. Where this cannot be
  /// checked, the authority is refused too.
  /// - Parameter certificate: the file of its certificate.
  func check(_ certificate: String, file: FileOption) throws {
    guard !clientsCanActAsMembers else { return }
    guard try FileContents.readIfPresent(file.file) != nil else {
      throw Self.unchecked(
        certificate, "the file '\(file.file)' does not exist",
        "run 'bulkhead init' first, and put the authority of etcd's servers at its etcd.ca")
    }
    let workspace = try Workspace(file)
    let servers = workspace.path(workspace.file.etcd.ca)
    guard let text = try FileContents.readIfPresent(servers) else {
      throw Self.unchecked(
        certificate, "the file '\(servers)' (etcd.ca) does not exist",
        "put the authority of etcd's servers there")
    }
    let origin = try AuthorityOrigin(
      of: FileContents.readText(certificate), source: certificate,
      among: String(decoding: text, as: UTF8.self), otherSource: servers)
    let danger =
      "where the peers trust that one too, each client certificate can act as a member and write every key"
    let hint =
      "make an authority for clients with 'bulkhead certs authority'; if you know that no member has this one, or "
      + "one that has signed it, in --peer-trusted-ca-file, add --clients-can-act-as-members"
    switch origin {
    case .separate: return
    case .same:
      throw CommandError(
        "\(certificate) is an authority of etcd's servers (\(servers)): \(danger)", hint: hint)
    case .signed:
      throw CommandError(
        "\(certificate) was signed by an authority of etcd's servers (\(servers)): \(danger)", hint: hint)
    case .unknown:
      throw Self.unchecked(
        certificate, "another authority has signed it, which is not in '\(servers)'",
        "make an authority for clients with 'bulkhead certs authority'")
    }
  }

  private static func unchecked(_ certificate: String, _ cause: String, _ way: String) -> CommandError {
    CommandError(
      "it is not known whether etcd's peers trust \(certificate), so that its clients could act as members and "
        + "write every key: \(cause)",
      hint: "\(way); if you know that no member has this one, or one that has signed it, in "
        + "--peer-trusted-ca-file, add --clients-can-act-as-members")
  }
}

extension CertificateFacts {
  func hasKey(of other: CertificateFacts) -> Bool {
    publicKeyFingerprint != nil && publicKeyFingerprint == other.publicKeyFingerprint
  }
}

extension Workspace {
  /// How the authority of the clients depends on those of etcd's servers; nil if a file is missing or cannot be
  /// read.
  func authorityOverlap() -> AuthorityOverlap? {
    guard let own = try? CertificateFacts(file: "\(authority)/ca.crt"),
      let text = try? FileContents.readText(path(file.etcd.ca)),
      let servers = try? CertificateFacts.all(pem: text, source: "etcd.ca")
    else { return nil }
    if servers.contains(where: { $0.hasKey(of: own) }) { return .same }
    return servers.contains { $0.subject == own.issuer && own.issuer != own.subject } ? .signed : .separate
  }
}
