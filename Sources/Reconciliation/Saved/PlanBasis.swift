import Cryptography
import Etcd
import Keyspace
import Segmentation
import Text

/// What a plan was computed from. A saved plan is applied only where all of it is as before.
package struct PlanBasis: Codable, Hashable, Sendable {
  /// The file's name of the cluster, and its `owner`.
  package let owner: RecordOwner
  /// The number of the cluster in etcd's answers, in hexadecimal.
  let clusterID: String
  /// SHA-256 of the file's text, in hexadecimal.
  let file: String
  /// SHA-256 of the desired state, which follows from the file, the list of nodes and the catalogue.
  let wanted: String
  /// Bulkhead's version.
  let bulkhead: String
  /// The user of the certificate with which the plan was made.
  let administrator: String
  let authEnabled: Bool
  /// nil if the members do not tell it.
  let authRevision: Int64?
  /// SHA-256 of the users, roles and permissions that were read, in hexadecimal.
  let state: String
  /// SHA-256 of the records of all files on the cluster, in hexadecimal.
  let records: String
  /// Whether records of other files are taken over.
  let takesOver: Bool
  /// The identities, roles and nodes that the plan is limited to, sorted; empty for the whole plan.
  package let targets: [String]

  package init(
    _ goal: ApplyGoal, _ survey: Survey, _ state: ClusterState, bulkhead: String, targets: [String]
  ) throws {
    owner = goal.owner
    clusterID = String(survey.members.clusterID, radix: 16)
    file = goal.file
    wanted = goal.wanted
    self.bulkhead = bulkhead
    administrator = goal.applicant
    authEnabled = state.authEnabled
    authRevision = survey.authRevision
    self.state = state.digest
    records = try survey.records.digest
    takesOver = goal.takesOver
    self.targets = Set(targets).sorted()
  }

  /// What differs now, each as a clause for people; empty if nothing does.
  /// - Parameter now: The same, computed just before the changes would be made.
  func differences(from now: PlanBasis) -> [String] {
    var found: [String] = []
    func note(_ differs: Bool, _ text: String) { if differs { found.append(text) } }
    note(
      clusterID != now.clusterID, "etcd is another cluster: its id was \(clusterID) and is \(now.clusterID)")
    note(
      owner != now.owner, "the file is that of another cluster or owner: the plan is for \(owner)")
    note(
      bulkhead != now.bulkhead,
      "the program is Bulkhead \(now.bulkhead), and the plan was made by \(bulkhead)")
    note(file != now.file, "the text of the file has changed")
    note(
      wanted != now.wanted && file == now.file,
      "the nodes or the catalogue have changed, and with them what the file asks for")
    note(
      administrator != now.administrator,
      "the certificate is that of \(now.administrator), and the plan was made with that of \(administrator)")
    note(
      authEnabled != now.authEnabled,
      "authentication was \(authEnabled ? "on" : "off") and is \(now.authEnabled ? "on" : "off")")
    let isOtherRevision = authRevision != nil && now.authRevision != nil && authRevision != now.authRevision
    note(
      isOtherRevision,
      "a user, role, permission or password in etcd has changed: the auth revision was "
        + "\(authRevision.map(String.init) ?? "unknown") and is \(now.authRevision.map(String.init) ?? "unknown")"
    )
    note(!isOtherRevision && state != now.state, "users or roles in etcd have changed")
    note(records != now.records, "the record of what Bulkhead manages has changed, as each apply changes it")
    note(takesOver != now.takesOver, "--take-over was \(takesOver ? "" : "not ")given for the plan")
    note(targets != now.targets, "the plan is limited to other names")
    return found
  }
}

extension ClusterState {
  /// SHA-256 of all users, roles and permissions, in hexadecimal.
  var digest: String {
    var digest = SHA256()
    for (name, user) in users.sorted(by: { $0.key < $1.key }) {
      digest.addValues(["user", name] + user.roles.sorted())
      digest.addValues(["\(user.hasPassword) \(user.acceptsEmptyPassword)"])
    }
    for (name, permissions) in roles.sorted(by: { $0.key < $1.key }) {
      digest.addValues(["role", name] + permissions.map(\.storedText).sorted())
    }
    return digest.digest().hexadecimal
  }
}

extension Records {
  /// SHA-256 of the records, in hexadecimal.
  var digest: String {
    get throws {
      var digest = SHA256()
      let texts = try all.map { String(decoding: try $0.bytes, as: UTF8.self) }
      digest.addValues(texts.sorted())
      return digest.digest().hexadecimal
    }
  }
}

extension SHA256 {
  /// The number of values, and each after its length, so that different lists cannot give the same bytes.
  mutating func addValues(_ values: [String]) {
    update(Array("\(values.count);".utf8))
    for value in values { update(Array("\(value.utf8.count):\(value)".utf8)) }
  }
}
