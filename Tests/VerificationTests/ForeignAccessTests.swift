import Etcd
import Keyspace
import Reconciliation
import Segmentation
import Testing

@testable import Verification

/// Which keys count as those of the file, for users that the file does not name.
@Suite("Users that the file does not name")
struct ForeignAccessTests {
  /// The file has a program of Calico, kube-apiserver and nothing that reaches all of their keys.
  private static let segmentation = Segmentation(
    cluster: "test",
    identities: [
      Identity(user: "root", purpose: .administrator, roles: ["root"]),
      Identity(user: "calico-node", purpose: .component("calico-node"), roles: ["calico-node"]),
      Identity(user: "kube", purpose: .apiserver, roles: ["root"]),
    ],
    roles: [Role(name: "calico-node", grants: [Role.Line(Grant(.prefix("/calico/ipam/"), .readwrite))])])

  private func state(_ foreign: Grant?, extra: Grant? = nil) -> ClusterState {
    let desired = DesiredState(Self.segmentation)
    var state = ClusterState(
      authEnabled: true,
      users: Dictionary(
        uniqueKeysWithValues: desired.users.map { ($0.name, ClusterState.User(roles: Set($0.roles))) }),
      roles: Dictionary(uniqueKeysWithValues: desired.roles.map { ($0.name, $0.permissions) }))
    if let foreign {
      state.users["other"] = .init(roles: ["other"])
      state.roles["other"] = [Permission(foreign)]
    }
    if let extra { state.roles["calico-node"]?.append(Permission(extra)) }
    return state
  }

  private func compare(_ states: ClusterState...) -> StoredComparison {
    StoredComparison(
      states.enumerated().map { ("etcd-\($0.offset + 1)", $0.element) }, Self.segmentation)
  }

  @Test(
    "the keys of kube-apiserver, all of Calico's and Bulkhead's are those of the file",
    arguments: [
      (KeyRange.kubernetes, true), (.key("/registry/secrets/a/b"), true), (.key("compact_rev_key"), true),
      (.key("/calico/zzz"), true), (.prefix("/calico/ipam/x"), true), (.bulkhead, true),
      (.everything, true), (.prefix("/service/"), false), (.key("/calicox"), false),
    ])
  func reached(range: KeyRange, isOwn: Bool) {
    for access in [Access.read, .readwrite] {
      let found = compare(state(Grant(range, access)))
      #expect(found.breaksSegmentation == isOwn, "\(range)")
      #expect(Set(found.differences.map(\.subject)) == ["user other", "role other"])
    }
  }

  @Test("users of other files, and those that the file protects, do not break the segmentation")
  func protected() throws {
    let state = state(Grant(.calico, .read))
    let names = Protection(listed: Managed(users: ["other"]))
    for protection in [names, Protection(recorded: Managed(users: ["other"]))] {
      let found = StoredComparison([("etcd-1", state)], Self.segmentation, protecting: protection)
      let other = try #require(found.differences.first { $0.subject == "user other" })
      #expect(!found.breaksSegmentation && other.isExempt, "\(other)")
    }
    var open = state
    open.users["other"]?.acceptsEmptyPassword = true
    #expect(StoredComparison([("etcd-1", open)], Self.segmentation, protecting: names).breaksSegmentation)
    #expect(StoredComparison([("etcd-1", state)], Self.segmentation).breaksSegmentation)
  }

  @Test("the record of another file exempts no administrator, and nothing if any client could write it")
  func recorded() throws {
    let names = Managed(users: ["other"])
    let reaching = state(Grant(.calico, .read))
    var root = reaching
    root.users["other"]?.roles = ["root"]
    // A user may write Bulkhead's records.
    var writable = reaching
    writable.users["more"] = .init(roles: ["more"])
    writable.roles["more"] = [Permission(Grant(.everything, .readwrite))]
    var off = reaching
    off.authEnabled = false
    let cases: [(ClusterState, Protection)] = [
      (root, Protection(recorded: names)), (reaching, Protection(unproven: names)),
      (writable, Protection(recorded: names)), (off, Protection(recorded: names)),
    ]
    for (state, protection) in cases {
      let found = StoredComparison([("etcd-1", state)], Self.segmentation, protecting: protection)
      let other = try #require(found.differences.first { $0.subject == "user other" })
      #expect(other.breaksSegmentation && !other.isExempt)
      #expect(other.meaning.contains("a record of another file"))
    }
    let listed = StoredComparison(
      [("etcd-1", root)], Self.segmentation, protecting: Protection(listed: names))
    #expect(!listed.breaksSegmentation)
  }

  @Test("a file without kube-apiserver and without Calico claims only what it grants")
  func others() {
    let segmentation = Segmentation(
      cluster: "test", identities: [Identity(user: "a", purpose: .custom, roles: ["a"])],
      roles: [Role(name: "a", grants: [Role.Line(Grant(.prefix("/calico/a/"), .read))])])
    let keys = DesiredState(segmentation).ownKeys
    #expect(keys.contains("/calico/a/x") && !keys.contains("/calico/b") && !keys.contains("/registry/a"))
  }

  @Test("preflight reports what members store beside the file, but not the shared user that is expected")
  func stored() {
    let extra = Grant(.key("/registry/secrets/a/b"), .read)
    let found = compare(state(Grant(.calico, .read)), state(Grant(.calico, .read), extra: extra))
    func messages(_ knowledge: Preflight.Knowledge = .init()) -> [String] {
      let findings = StoredChecks.findings(found, knowledge)
      #expect(findings.allSatisfy { $0.rule == .storedDifference && $0.severity == .error })
      return findings.map(\.message)
    }
    #expect(
      Set(messages()) == [
        "role calico-node: extra: it may read /registry/secrets/a/b too (etcd-2)",
        "user other: foreign user: it may read /calico/* (etcd-1, etcd-2)",
      ])
    var knowledge = Preflight.Knowledge()
    knowledge.shared = ["other"]
    #expect(messages(knowledge).count == 1)
    let permissions = found.permissions(ofUser: "calico-node")
    #expect(permissions.allow(.read, "/registry/secrets/a/b") && permissions.allow(.write, "/calico/ipam/a"))
    #expect(!permissions.allow(.write, "/registry/secrets/a/b"))
    #expect(
      found.permissions(ofUser: "kube") == .root
        && !found.permissions(ofUser: "none").reach(.init([.everything])))
  }
}
