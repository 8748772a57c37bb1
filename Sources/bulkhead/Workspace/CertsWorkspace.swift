import Catalogue
import Certificates
import Etcd
import Files
import FoundationEssentials
import Processes
import Segmentation
import StrictYAML
import Terminal

extension Workspace {
  /// The authority with its ledger, ready to issue certificates.
  func issuer(_ passphrase: PassphraseOption, allowRoot: Bool = false) throws -> Issuer {
    let now = Date()
    // This process has the authority's key from here on.
    _ = ProcessMemory.refuseDumps()
    let loaded = try Authority.load(authority, now: now, passphrase: passphrase.source)
    if let warning = loaded.protectionWarning { Console.note("warning: \(warning)") }
    return Issuer(
      loaded,
      ledger: try Ledger(in: authority), lifetime: .seconds(file.certificates.lifetime.seconds), now: now,
      allowRoot: allowRoot)
  }

  func ledgerIfPresent() throws -> Ledger? {
    Ledger.exists(in: authority) ? try Ledger(in: authority) : nil
  }

  func existingLedger() throws -> Ledger {
    guard let ledger = try ledgerIfPresent() else {
      throw CommandError(
        "no ledger in \(authority): nothing was issued yet",
        hint: "'bulkhead certs issue' creates one")
    }
    return ledger
  }

  /// The holders for which `certs issue` issues certificates; administrators and kube-apiserver only on request.
  func holders(root: Bool, apiserver: Bool, administrators: Bool) throws -> [CertificateHolder] {
    if apiserver, !segmentation.identities.contains(where: { $0.purpose == .apiserver }) {
      throw CommandError(
        "the file names no kube-apiserver", hint: "add kubernetes: {apiserver: kube-apiserver-etcd-client}")
    }
    if administrators, file.administrators.isEmpty {
      throw CommandError(
        "the file names no administrators",
        hint: "add administrators: [{user: NAME, why: REASON}]; for the user root use --root")
    }
    return segmentation.identities.filter { identity in
      switch identity.purpose {
      case .administrator: root
      case .coAdministrator: administrators
      case .apiserver: apiserver
      case .component, .calicoctl, .custom, .observed: identity.isIssued
      }
    }.flatMap(\.holders)
  }

  /// The holders with these names; without names, all that have a certificate here.
  func holdersWithCertificate(named users: [String]) throws -> [CertificateHolder] {
    guard users.isEmpty else { return try users.flatMap { try identity($0).holders } }
    return try segmentation.identities.flatMap(\.holders).filter {
      try FileContents.readIfPresent(certificates.certificatePath(of: $0)) != nil
    }
  }

  /// The identities whose certificates have this name: usually one.
  func identities(certificateName name: String) throws -> [Identity] {
    let found = segmentation.identities.filter { $0.certificateName.utf8.elementsEqual(name.utf8) }
    guard found.isEmpty else { return found }
    let identity = try identity(name)
    throw CommandError(
      "'\(name)' logs in with a password, and must not be the same user by a certificate too",
      hint:
        "its certificate only secures the connection, without a Common Name: request it for '\(identity.certificateName)'"
    )
  }

  /// The credentials of a user; for a user with a certificate per node, those of the first node.
  func credentials(of user: String) throws -> ClientCredentials { try credentials(of: identity(user)) }

  /// The same without a search for the identity, which takes long for each of many.
  func credentials(of identity: Identity) throws -> ClientCredentials {
    let user = identity.user
    let holder = identity.holders.first ?? CertificateHolder(client: user)
    let certificate = try certificates.certificatePath(of: holder)
    guard try FileContents.readIfPresent(certificate) != nil else {
      throw CommandError(
        "no certificate for '\(user)' at \(certificate)", hint: "'bulkhead certs issue' creates it")
    }
    return ClientCredentials(
      authority: path(file.etcd.ca), certificate: certificate, key: try certificates.keyPath(of: holder),
      serverName: file.etcd.serverName)
  }

  func identity(_ user: String) throws -> Identity {
    guard let identity = segmentation.identities.first(where: { $0.user.utf8.elementsEqual(user.utf8) })
    else {
      let known = segmentation.identities.map(\.user)
      throw CommandError(
        "'\(user)' is not an identity of the file",
        hint: NearestWord.of(user, among: known).map { "did you mean '\($0)'?" }
          ?? "the file has \(known.joined(separator: ", "))")
    }
    return identity
  }
}

extension Identity {
  /// The holders of its certificates: one per node, or one.
  var holders: [CertificateHolder] {
    deliveries.map {
      CertificateHolder(
        client: $0.user, component: program, node: $0.node?.description, sharesName: sharesCertificateName)
    }
  }

  private var program: String? {
    switch purpose {
    case .component(let name): name
    case .calicoctl: "calicoctl"
    case .apiserver: "kube-apiserver"
    case .administrator, .coAdministrator, .custom, .observed: nil
    }
  }
}
