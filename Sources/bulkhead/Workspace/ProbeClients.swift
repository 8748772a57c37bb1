import Certificates
import Etcd
import Files
import FoundationEssentials
import Names
import Reporting
import Segmentation
import Terminal
import Verification

/// The certificates and passwords with which verify asks.
struct ProbeClients: Sendable {
  struct Client: Sendable {
    let credentials: ClientCredentials
    /// The password login; nil for a user that authenticates with its certificate.
    let login: PasswordLogin?
    /// Whether its certificate has no Common Name, so that etcd sees no user.
    var isNameless = false
  }

  /// The Common Name of the certificate that belongs to no user.
  static let noUser = "bulkhead-probe-without-user"
  /// The name of the certificate without a Common Name.
  static let noCommonName = CertificateName.transportName(of: "bulkhead-probe")
  /// What it is called in reports.
  static let noName = "certificate without a Common Name"

  /// The file's identities, and those whose certificates were found and that the file does not name.
  private(set) var segmentation: Segmentation
  private(set) var users: Set<String> = []
  /// The users whose certificate Bulkhead does not issue.
  private(set) var also: Set<String> = []
  private var clients: [String: Client] = [:]
  private var order: [String] = []
  private var missing: [VerifyReport.NotProbed] = []
  /// A folder with certificates for this run.
  private var temporary: String?
  private var isLimited = false

  /// What is not asked for want of a certificate, and how it is; empty where the user limited what is asked.
  var notAsked: [String] {
    guard !isLimited else { return [] }
    let isUnknownAsked = segmentation.identities.contains { identity in
      identity.purpose == .custom && identity.roles.isEmpty && clients[identity.user]?.isNameless == false
    }
    let isNamelessAsked = clients.values.contains(where: \.isNameless)
    return
      (isUnknownAsked ? [] : ["a certificate of the authority whose name is no user (--issue makes one)"])
      + (isNamelessAsked ? [] : ["a certificate without a Common Name (--issue makes one)"])
  }

  subscript(user: String) -> Client? { clients[user] }
  /// All credentials, in the order of the file.
  var all: [ClientCredentials] { order.compactMap { clients[$0]?.credentials } }

  init(_ workspace: Workspace, _ options: ProbeOptions) throws {
    segmentation = workspace.segmentation
    isLimited = options.from != nil || !options.identities.isEmpty
    if let folder = options.from {
      try read(folder, workspace)
      return
    }
    let wanted = try options.identities.map { try workspace.identity($0).user }
    for identity in segmentation.identities {
      let isOther = identity.purpose == .apiserver || wanted.contains(identity.user)
      guard identity.isIssued || isOther, wanted.isEmpty || wanted.contains(identity.user) else { continue }
      do {
        let credentials = try workspace.credentials(of: identity)
        add(identity.user, credentials, try workspace.login(of: identity.user))
        if !identity.isIssued { also.insert(identity.user) }
      } catch {
        // The certificate of kube-apiserver is often elsewhere.
        if identity.isIssued || !wanted.isEmpty {
          missing.append(.init(user: identity.user, reason: CommandError(error).message))
        }
      }
    }
    if options.issue { try issue(workspace, isLimited: !wanted.isEmpty) }
    guard !clients.isEmpty else {
      throw CommandError(
        "there is no certificate of any identity on this machine",
        hint: "'bulkhead certs issue' makes them; --issue makes some for 15 minutes, --from reads a folder")
    }
  }

  /// Ends the use of certificates that were made for this run.
  func remove() {
    if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
  }

  /// The users that a plan leaves out for want of a certificate: of components on nodes, those of which no
  /// node's certificate is at hand, unless all nodes are to be probed.
  func notProbed(by plan: ProbePlan, isComplete: Bool) -> [VerifyReport.NotProbed] {
    let probed = Set(plan.identities.compactMap(\.identity.component))
    return missing.filter { entry in
      guard let identity = segmentation[identity: entry.user], identity.node != nil,
        let component = identity.component, !isComplete
      else { return true }
      return !probed.contains(component)
    }
  }

  private mutating func add(_ user: String, _ credentials: ClientCredentials, _ login: PasswordLogin?) {
    clients[user] = Client(credentials: credentials, login: login)
    order.append(user)
    users.insert(user)
  }

  /// Adds a user that the file does not name, and that may do nothing.
  private mutating func addUnknown(
    _ user: String, _ credentials: ClientCredentials, isNameless: Bool = false
  ) {
    segmentation = Segmentation(
      cluster: segmentation.cluster,
      identities: segmentation.identities + [Identity(user: user, purpose: .custom, roles: [])],
      roles: segmentation.roles, kubernetesPrefix: segmentation.kubernetesPrefix)
    add(user, credentials, nil)
    clients[user]?.isNameless = isNameless
  }

  /// Takes the certificates of a folder.
  private mutating func read(_ folder: String, _ workspace: Workspace) throws {
    for entry in try CertificateFolder.read(folder) {
      guard entry.facts.isForClients, let key = entry.keyPath else { continue }
      let credentials = ClientCredentials(
        authority: workspace.path(workspace.file.etcd.ca), certificate: entry.path, key: key,
        serverName: workspace.file.etcd.serverName)
      let holders = segmentation.identities.filter { $0.certificateName == entry.facts.name }
      if holders.isEmpty {
        if let user = entry.facts.user {
          if clients[user] == nil { addUnknown(user, credentials) }
        } else if clients[Self.noName] == nil {
          addUnknown(Self.noName, credentials, isNameless: true)
        }
      }
      for identity in holders where clients[identity.user] == nil {
        do {
          add(identity.user, credentials, try workspace.login(of: identity.user))
          if !identity.isIssued { also.insert(identity.user) }
        } catch {
          missing.append(.init(user: identity.user, reason: CommandError(error).message))
        }
      }
    }
    guard !clients.isEmpty else {
      throw CommandError(
        "there is no client certificate with its key in \(folder)",
        hint: "give --from the folder of a host's or program's credentials")
    }
  }

  /// Issues certificates for 15 minutes.
  private mutating func issue(_ workspace: Workspace, isLimited: Bool) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("bulkhead-verify-\(UUID().uuidString)").path
    temporary = folder
    let absent = missing.compactMap { segmentation[identity: $0.user] }.filter { $0.login == .certificate }
    let now = Date()
    do {
      let issuer = Issuer(
        try Authority.load(workspace.authority, now: now, passphrase: nil),
        ledger: try Ledger(in: workspace.authority), lifetime: Issuer.probeLifetime, now: now)
      let names = absent.map(\.certificateName) + (isLimited ? [] : [Self.noUser, Self.noCommonName])
      let issued = try issuer.issueProbes(names, to: folder)
      for (index, certificate) in issued.enumerated() {
        let credentials = ClientCredentials(
          authority: workspace.path(workspace.file.etcd.ca), certificate: certificate.certificatePath,
          key: certificate.keyPath, serverName: workspace.file.etcd.serverName)
        if index < absent.count {
          add(absent[index].user, credentials, nil)
        } else if certificate.name == Self.noUser {
          addUnknown(Self.noUser, credentials)
        } else {
          addUnknown(Self.noName, credentials, isNameless: true)
        }
      }
      missing.removeAll { entry in users.contains(entry.user) }
    } catch {
      remove()
      throw error
    }
  }
}
