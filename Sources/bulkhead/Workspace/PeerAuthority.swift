import Arguments
import Certificates
import Files
import FoundationEssentials
import Segmentation

/// The flag for an authority whose clients could act as etcd members.
struct PeerAuthorityOption: ParsableArguments {
  @Flag(
    help:
      "Allow an authority whose client certificates may be accepted at the peer port, where they write every key."
  )
  var clientsCanActAsMembers = false

  /// Refuses an authority that is among `etcd.ca` of the segmentation file: etcd's peers usually trust the
  /// authority of the servers, and the peer port checks no user (etcd, `server/etcdserver/api/rafthttp`), so each
  /// client certificate could write every key there.
  /// - Parameter name: what the authority is called in the error.
  func check(_ authority: CertificateFacts, _ name: String, file: FileOption) throws {
    guard !clientsCanActAsMembers else { return }
    guard try FileContents.readIfPresent(file.file) != nil else {
      return Console.note(
        "cannot find the file '\(file.file)', so it was not checked whether etcd's servers have this authority"
      )
    }
    let workspace = try Workspace(file)
    let servers = workspace.path(workspace.file.etcd.ca)
    guard let text = try FileContents.readIfPresent(servers) else {
      return Console.note(
        "cannot find the file '\(servers)' (etcd.ca), so it was not checked whether etcd's servers have this authority"
      )
    }
    let authorities = try CertificateFacts.all(pem: String(decoding: text, as: UTF8.self), source: servers)
    guard authorities.contains(where: { $0.hasKey(of: authority) }) else { return }
    throw Complaint(
      "\(name) is an authority of etcd's servers (\(servers)): where the peers trust it too, each client certificate "
        + "can act as a member and write every key",
      hint:
        "make an authority for clients with 'bulkhead certs authority'; if you know that no member has this one "
        + "in --peer-trusted-ca-file, add --clients-can-act-as-members")
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
