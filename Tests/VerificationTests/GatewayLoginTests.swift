import Etcd
import Keyspace
import Reconciliation
import Segmentation
import TestClusters
import Testing
import ThrowawayEtcd

@testable import Verification

/// A user with a password, as OpenStack's: it logs in through the JSON gateway and reads with the token.
@Suite("Reads through the JSON gateway with a password login", .realEtcd, .timeLimit(.minutes(30)))
struct GatewayLoginTests {
  private static let driver = Identity(user: "driver", purpose: .custom, roles: ["driver"], login: .password)
  private static let segmentation = Segmentation(
    cluster: "test", identities: Segmentation.sample.identities + [driver],
    roles: Segmentation.sample.roles + [
      Role(name: "driver", grants: [Role.Line(Grant(.prefix("/calico/dhcp/"), .readwrite))])
    ])

  @Test("are asked for what is granted and for what is not", arguments: EtcdRelease.oneAndCurrent)
  func reads(release: EtcdRelease) async throws {
    try await TestCluster.with(release, options: .init(hasGateway: true)) { cluster in
      try await cluster.secure()
      try await cluster.apply(Self.segmentation, password: "secret")
      let client = try cluster.credentials(of: Self.driver.certificateName)
      let members = try await cluster.assess().members
      let probes = ProbePlan(for: Self.segmentation, selection: .init(users: ["driver"])).probes
      func login(_ password: String = "secret", as other: ClientCredentials? = nil) async throws
        -> GatewayLogin
      {
        let logins = await PasswordLogin(user: "driver", password: password).overGateway(
          of: members, as: other ?? client, probes, timeout: .seconds(60))
        return try #require(logins.first)
      }
      func wrongReads() async throws -> Set<KeyRange> {
        Set(try await login().reads.filter(\.isWrong).map(\.range))
      }

      let right = try await login()
      guard case .loggedIn = right.answer else {
        Issue.record("\(right.answer)")
        return
      }
      #expect(right.member == "etcd-1")
      #expect(right.reads.contains { $0.isAllowed } && right.reads.contains { !$0.isAllowed })
      #expect(right.reads.allSatisfy { !$0.isWrong }, "\(right.reads.filter(\.isWrong))")
      // Over gRPC with the same login, the same.
      let results = try await Verify(members: members, timeout: .seconds(60)).run(
        probes, as: client, login: PasswordLogin(user: "driver", password: "secret"))
      #expect(wrong(results) == [])

      try await cluster.etcdctl("role", "grant-permission", "driver", "read", "/registry/", "--prefix")
      let wide = try await wrongReads()
      #expect(
        wide.contains(.prefix("/registry/")) && wide.allSatisfy { KeyRange.prefix("/registry/").contains($0) }
      )
      try await cluster.etcdctl("role", "revoke-permission", "driver", "/registry/", "--prefix")
      try await cluster.etcdctl("role", "revoke-permission", "driver", "/calico/dhcp/", "--prefix")
      #expect(try await wrongReads() == [.prefix("/calico/dhcp/")])

      // Another password, and a certificate with a Common Name, which the gateway refuses.
      for refused in [try await login("another"), try await login(as: cluster.credentials(of: "node"))] {
        guard case .refused = refused.answer else {
          Issue.record("\(refused.answer)")
          continue
        }
        #expect(refused.reads.isEmpty)
      }
    }
  }

  @Test("a gateway that is off is called so")
  func off() async throws {
    let cluster = try await SharedClusters.all.cluster(try #require(EtcdRelease.one.first))
    let logins = await PasswordLogin(user: "driver", password: "secret").overGateway(
      of: try await cluster.assess().members, as: try cluster.credentials(of: Self.driver.certificateName),
      [],
      timeout: .seconds(60))
    #expect(logins.map(\.answer) == [.off])
  }
}
