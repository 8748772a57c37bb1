import Etcd
import Keyspace
import Reconciliation
import Segmentation
import TestClusters
import ThrowawayEtcd

@testable import Verification

extension Segmentation {
  /// Two programs and an administrator.
  static let sample = Segmentation(
    cluster: "test",
    identities: [
      Identity(user: "root", purpose: .administrator, roles: ["root"]),
      Identity(user: "node", purpose: .custom, roles: ["node", "common"]),
      Identity(user: "writer", purpose: .custom, roles: ["writer"]),
      Identity(user: "kube", purpose: .apiserver, roles: ["root"]),
    ],
    roles: [
      Role(
        name: "node",
        grants: [Grant(.prefix("/calico/ipam/"), .readwrite), Grant(.key("/calico/ready"), .read)].map {
          Role.Line($0)
        }),
      Role(name: "common", grants: [Role.Line(Grant(.prefix("/calico/resources/"), .read))]),
      Role(
        name: "writer",
        grants: [
          Grant(.prefix("/calico/felix/"), .readwrite), Grant(.key("/calico/ready"), .write),
          Grant(KeyRange(from: "/calico/c", to: "/calico/e"), .read),
        ].map { Role.Line($0) }),
    ])
}

extension TestCluster {
  /// Applies the segmentation.
  /// - Parameter password: That of each user with a password.
  func apply(_ segmentation: Segmentation, password: String? = nil) async throws {
    try await connect { etcd in
      let desired = DesiredState(segmentation)
      let plan = Plan(from: try await ClusterState.observe(etcd), to: desired, applicant: "root")
      if let password {
        try await Apply(etcd, password: { _ in password }).run(plan, desired: desired)
      } else {
        try await Apply(etcd).run(plan, desired: desired)
      }
    }
  }

  /// Applies the segmentation and turns authentication on.
  func segment(_ segmentation: Segmentation) async throws {
    try await secure()
    try await apply(segmentation)
  }

  /// Asks the members; their keys are not compared.
  func assess() async throws -> ServerAssessment {
    try await connectToMembers { etcd, members in
      try await ServerAssessment.of(
        members, etcd, as: credentials(of: "root"), advisories: try .embedded(), largestHashed: 0)
    }
  }

  private func connectToMembers<Result: Sendable>(
    _ body: @Sendable (EtcdClient, ClusterMembers) async throws -> Result
  ) async throws -> Result {
    try await EtcdClient.connectToMembers(
      behind: etcd.endpoints, as: try credentials(of: "root"), timeout: .seconds(30), body)
  }

  /// Compares the stored users and roles of the members with the segmentation.
  func compare(
    _ segmentation: Segmentation, _ assessment: ServerAssessment? = nil
  ) async throws -> StoredComparison {
    let known = if let assessment { assessment } else { try await assess() }
    return try await connect(timeout: .seconds(10)) { etcd in
      await StoredComparison.of(known.members, etcd, segmentation)
    }
  }

  func preflight(_ segmentation: Segmentation, quota: Int64? = nil) async throws -> Preflight {
    let credentials = try credentials(of: "root")
    return try await connectToMembers { etcd, members in
      let state = try await ClusterState.observe(etcd)
      let assessment = try await ServerAssessment.of(
        members, etcd, as: credentials, advisories: try .embedded(), quota: quota)
      return try await Preflight.check(
        etcd, assessment, as: credentials, segmentation, state: state, applicant: "root")
    }
  }

  /// Sends all probes of all identities to every member.
  func verify(
    _ segmentation: Segmentation, assessment: ServerAssessment? = nil, timeout: Duration = .seconds(60)
  ) async throws -> [ProbeResult] {
    let known = if let assessment { assessment } else { try await assess() }
    let plan = ProbePlan(
      for: segmentation,
      withStreams: known.members.allSatisfy { $0.status.version >= EtcdVersion(3, 7, 0) })
    return try await verify(plan, assessment: known, timeout: timeout)
  }

  func verify(
    _ plan: ProbePlan, assessment: ServerAssessment? = nil, timeout: Duration = .seconds(60)
  ) async throws -> [ProbeResult] {
    let known = if let assessment { assessment } else { try await assess() }
    var results: [ProbeResult] = []
    for (identity, probes) in plan.identities {
      results += try await Verify(members: known.members, timeout: timeout).run(
        probes, as: credentials(of: identity.user))
    }
    return results
  }
}

/// The probes with a wrong answer, in words, each once.
func wrong(_ results: [ProbeResult]) -> Set<String> {
  Set(results.filter { $0.verdict != .asExpected }.map { "\($0.probe.user): \($0.probe.question)" })
}
