import Certificates
import Files
import Foundation
import Segmentation

extension Workspace {
  /// The authority and its ledger, at work.
  func issuer(_ passphrase: PassphraseOption, allowRoot: Bool = false) throws -> Issuer {
    let now = Date()
    return Issuer(
      try Authority.load(authority, now: now, passphrase: passphrase.source),
      ledger: try Ledger(in: authority), lifetime: .seconds(file.certificates.lifetime.seconds), now: now,
      allowRoot: allowRoot)
  }

  func ledgerIfPresent() throws -> Ledger? {
    Ledger.exists(in: authority) ? try Ledger(in: authority) : nil
  }

  func existingLedger() throws -> Ledger {
    guard let ledger = try ledgerIfPresent() else {
      throw Complaint(
        "there is no ledger in \(authority): nothing was issued yet",
        hint: "'bulkhead certs issue' begins one")
    }
    return ledger
  }

  /// Those whom `certs issue` provides for, the administrator and kube-apiserver only when asked for.
  func holders(root: Bool, apiserver: Bool) throws -> [CertificateHolder] {
    if apiserver, !segmentation.identities.contains(where: { $0.purpose == .apiserver }) {
      throw Complaint(
        "the file names no kube-apiserver", hint: "add kubernetes: {apiserver: kube-apiserver-etcd-client}")
    }
    return segmentation.identities.filter {
      $0.isIssued || (root && $0.purpose == .administrator) || (apiserver && $0.purpose == .apiserver)
    }.map(\.holder)
  }

  /// The identities of these names; where none is named, all that have a certificate here.
  func holdersWithCertificate(named users: [String]) throws -> [CertificateHolder] {
    guard users.isEmpty else { return try users.map { try holder(of: $0) } }
    return try segmentation.identities.filter {
      try FileContents.readIfPresent(certificates.certificatePath(of: $0.user)) != nil
    }.map(\.holder)
  }

  func holder(of user: String) throws -> CertificateHolder {
    guard let identity = segmentation.identities.first(where: { $0.user.utf8.elementsEqual(user.utf8) })
    else {
      throw Complaint(
        "'\(user)' is no identity of the file",
        hint: "the file has \(segmentation.identities.map(\.user).joined(separator: ", "))")
    }
    return identity.holder
  }
}

extension Identity {
  var holder: CertificateHolder {
    let component: String? =
      switch purpose {
      case .component(let name): name
      case .calicoctl: "calicoctl"
      case .apiserver: "kube-apiserver"
      case .administrator, .custom: nil
      }
    return CertificateHolder(client: user, component: component)
  }
}
