import Etcd
import Keyspace
import Segmentation
import TestClusters
import ThrowawayEtcd

@testable import Reconciliation

extension Permission {
  init(_ access: Access, _ range: KeyRange) { self.init(Grant(range, access)) }
}

extension Segmentation {
  /// Identities that each have one role with their own name and these grants, and the administrator.
  static func of(_ grants: [(user: String, grants: [Grant])], apiserver: String? = nil) -> Segmentation {
    Segmentation(
      cluster: "test",
      identities: [Identity(user: "root", purpose: .administrator, roles: ["root"])]
        + grants.map { Identity(user: $0.user, purpose: .custom, roles: [$0.user]) }
        + (apiserver.map { [Identity(user: $0, purpose: .apiserver, roles: ["root"])] } ?? []),
      roles: grants.map { Role(name: $0.user, grants: $0.grants.map { Role.Line($0) }) })
  }

  /// Three programs with ranges of every kind.
  static let sample = of([
    (
      "node",
      [
        Grant(.prefix("/calico/ipam/"), .readwrite), Grant(.prefix("/calico/"), .read),
        Grant(.key("/calico/ready"), .read),
      ]
    ),
    ("writer", [Grant(.key("/calico/ready"), .write), Grant(.prefix("/calico/felix/"), .readwrite)]),
    (
      "last",
      [Grant(KeyRange(from: "/z", to: nil), .read), Grant(KeyRange(from: "/b", to: "/c"), .readwrite)]
    ),
  ])
}

extension TestCluster {
  /// The changes that a plan for the segmentation would make now.
  func plan(_ segmentation: Segmentation, applicant: String = "root") async throws -> Plan {
    try await connect { etcd in try await Self.plan(etcd, segmentation, applicant: applicant) }
  }

  static func plan(
    _ etcd: EtcdClient, _ segmentation: Segmentation, applicant: String = "root"
  ) async throws -> Plan {
    let desired = DesiredState(segmentation)
    let state = try await ClusterState.observe(etcd)
    return Plan(from: state, to: desired, applicant: applicant)
  }

  /// Plans and applies; returns the plan.
  @discardableResult
  func apply(_ segmentation: Segmentation) async throws -> Plan {
    try await connect { etcd in
      let plan = try await Self.plan(etcd, segmentation)
      try await Apply(etcd).run(plan, desired: DesiredState(segmentation))
      return plan
    }
  }

  func state(managed: Set<String> = []) async throws -> ClusterState {
    try await connect { try await ClusterState.observe($0) }
  }

  /// The revision of users and roles, which every change of them increases.
  func authRevision() async throws -> Int64? {
    try await Metrics.read(from: etcd.endpoints[0], as: try credentials(of: "root")).authRevision
  }
}

extension Survey {
  /// A survey that asked no cluster.
  static func of(
    members: ClusterMembers = ClusterMembers(clusterID: 1, all: []), record: Record? = nil,
    authEnabled: Bool = true, authRevision: Int64? = nil
  ) -> Survey {
    Survey(
      members: members,
      agreement: MemberAgreement(
        authRevision: authRevision.map { .same($0) } ?? .unknown("not asked"), keyValueHash: .oneMember),
      records: Records(all: [record].compactMap { $0 }), lock: nil, authEnabled: authEnabled, alarms: [])
  }
}
