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
  /// Applies the segmentation and turns authentication on.
  func segment(_ segmentation: Segmentation) async throws {
    try await secure()
    try await connect { etcd in
      let desired = DesiredState(segmentation)
      let state = try await ClusterState.observe(etcd, managed: [])
      try await Apply(etcd).run(Plan(from: state, to: desired, applicant: "root"), desired: desired)
    }
  }

  func assess() async throws -> ServerAssessment {
    try await connect { try await ServerAssessment.of($0, as: credentials(of: "root")) }
  }

  /// Sends all probes of all identities to every member.
  func verify(
    _ segmentation: Segmentation, assessment: ServerAssessment? = nil, timeout: Duration = .seconds(60)
  ) async throws -> [ProbeResult] {
    let probes = Dictionary(grouping: ProbePlan.probes(for: segmentation), by: \.user)
    let known = if let assessment { assessment } else { try await assess() }
    var results: [ProbeResult] = []
    for (user, probes) in probes.sorted(by: { $0.key < $1.key }) {
      results += try await Verify(endpoints: etcd.endpoints, timeout: timeout).run(
        probes, as: credentials(of: user), assessment: known)
    }
    return results
  }
}

/// The probes with a wrong answer, in words, each once.
func wrong(_ results: [ProbeResult]) -> Set<String> {
  Set(results.filter { $0.verdict != .asExpected }.map { "\($0.probe.user): \($0.probe.question)" })
}
