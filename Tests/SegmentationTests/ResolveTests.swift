import Catalogue
import Keyspace
import Testing

@testable import Segmentation

@Suite struct ResolveTests {
  /// The content of the demo's file.
  static let demo = """
    components: [calico-node, cni-plugin, kube-controllers]
    calicoctl:
      - {user: alice, access: read-only}
      - {user: bob, access: read-only}
      - {user: netops, access: policy-editor}
      - {user: admin, access: full}
    kubernetes: {apiserver: kube-apiserver-etcd-client}
    """

  @Test func theFilesIdentitiesComeInItsOrderAfterTheAdministrator() throws {
    let segmentation = try segmentation(Self.demo)
    #expect(
      segmentation.identities.map(\.user) == [
        "root", "calico-node", "cni-plugin", "kube-controllers", "alice", "bob", "netops", "admin",
        "kube-apiserver-etcd-client",
      ])
    #expect(
      segmentation.identities.map(\.roles) == [
        ["root"], ["calico-node"], ["cni-plugin"], ["kube-controllers"], ["calicoctl-read-only"],
        ["calicoctl-read-only"], ["calicoctl-policy-editor"], ["calicoctl-full"], ["root"],
      ])
    #expect(
      segmentation.identities.filter(\.isIssued).map(\.user) == [
        "calico-node", "cni-plugin", "kube-controllers", "alice", "bob", "netops", "admin",
      ])
    #expect(segmentation.deliveries.map(\.user) == segmentation.identities.filter(\.isIssued).map(\.user))
    #expect(segmentation.deliveries.allSatisfy { $0.node == nil })
  }

  @Test func aRoleThatSeveralUsersShareExistsOnce() throws {
    #expect(
      try segmentation(Self.demo).roles.map(\.name) == [
        "calico-node", "cni-plugin", "kube-controllers", "calicoctl-read-only", "calicoctl-policy-editor",
        "calicoctl-full",
      ])
  }

  @Test func theDocumentedRolesAreThePublishedTables() throws {
    let segmentation = try segmentation(Self.demo, roles: "documented")
    func grants(_ role: String) throws -> [String] {
      try #require(segmentation[role: role]).grants.map { "\($0.grant)" }
    }
    #expect(
      try grants("calico-node") == [
        "readwrite /calico/felix/v1/*", "readwrite /calico/felix/v2/*", "readwrite /calico/ipam/v2/*",
        "readwrite \(v3)felixconfigurations/*", "readwrite \(v3)nodes/*",
        "readwrite \(v3)workloadendpoints/*",
        "readwrite \(v3)clusterinformations/*", "readwrite \(v3)ippools/*", "read \(v3)*",
      ])
    #expect(
      try grants("cni-plugin") == [
        "readwrite /calico/ipam/v2/*", "readwrite \(v3)workloadendpoints/*", "read \(v3)ippools/*",
        "read \(v3)clusterinformations/*", "read \(v3)nodes/*",
      ])
    #expect(
      try grants("kube-controllers") == [
        "readwrite /calico/ipam/v2/*", "readwrite \(v3)profiles/*", "readwrite \(v3)networkpolicies/*",
        "readwrite \(v3)nodes/*", "readwrite \(v3)clusterinformations/*", "readwrite \(v3)hostendpoints/*",
        "readwrite \(v3)kubecontrollersconfigurations/*", "read \(v3)*",
      ])
    #expect(try grants("calicoctl-read-only") == ["read /calico/ipam/v2/*", "read \(v3)*"])
    #expect(try grants("calicoctl-full") == ["readwrite /calico/ipam/v2/*", "readwrite \(v3)*"])
    #expect(try grants("calicoctl-policy-editor").count == 7)
  }

  @Test func theCorrectedRolesContainWhatThePublishedTablesLack() throws {
    let segmentation = try segmentation(Self.demo)
    func allows(_ user: String, _ access: Access, _ range: KeyRange) throws -> Bool {
      segmentation.permissions(of: try #require(segmentation[identity: user])).allow(access, range)
    }
    #expect(try allows("calico-node", .readwrite, .key(Key("\(v3)tiers/kube-admin"))))
    #expect(try !allows("calico-node", .write, .key(Key("\(v3)tiers/mine"))))
    #expect(try !allows("calico-node", .write, .key(Key("\(v3)workloadendpoints/default/x"))))
    #expect(try allows("cni-plugin", .read, .prefix(Key("\(v3)ipreservations/"))))
    #expect(try !allows("cni-plugin", .read, .prefix(Key("\(v3)networkpolicies/"))))
    #expect(try allows("kube-controllers", .readwrite, .prefix(Key("\(v3)workloadendpoints/"))))
    for user in ["calico-node", "cni-plugin", "kube-controllers", "alice", "netops", "admin"] {
      #expect(try !allows(user, .read, .prefix("/registry/")))
      #expect(try !allows(user, .read, .everything))
    }
    #expect(segmentation.permissions(of: try #require(segmentation[identity: "root"])) == .root)
  }

  @Test func eachRangeOfARoleHasOneLineWithAllReasons() throws {
    for form in ["documented", "corrected"] {
      for role in try segmentation(Self.demo, roles: form, features: "windows, kubevirt, wireguard").roles {
        #expect(Set(role.grants.map(\.grant.range)).count == role.grants.count, "\(role.name)")
      }
    }
    // On Windows the plugin also writes the nodes, which it reads on every platform.
    let role = try #require(segmentation(features: "windows")[role: "cni-plugin"])
    let nodes = role.grants.filter { $0.grant.range == .prefix(Key("\(v3)nodes/")) }
    #expect(nodes.map(\.grant.access) == [.readwrite])
    #expect(nodes.first?.why.contains("; ") == true)
  }

  @Test func theAPIServerKeepsRootUnlessItDoesNotCompact() throws {
    #expect(try segmentation(Self.demo)[role: "kube-apiserver"] == nil)
    let segmentation = try segmentation(Self.demo, features: "apiserver-without-compaction")
    let apiserver = try #require(segmentation[identity: "kube-apiserver-etcd-client"])
    #expect(apiserver.roles == ["kube-apiserver"])
    #expect(segmentation[role: "kube-apiserver"]?.grants.map { "\($0.grant)" } == ["readwrite /registry/*"])
  }

  @Test func aComponentThatCompactsNeedsRoot() throws {
    let segmentation = try segmentation(Self.demo, features: "compaction")
    #expect(segmentation[identity: "kube-controllers"]?.roles == ["root"])
    #expect(segmentation[role: "kube-controllers"] == nil)
  }

  @Test func aComponentWithoutAPublishedTableIsRefused() throws {
    let error = try #require(throws: CatalogueError.self) {
      try segmentation("components: [typha]", roles: "documented")
    }
    #expect(error.message == "Calico publishes no table for 'typha'")
    #expect(error.hint == "use 'roles: corrected', or remove the component")
  }

  @Test func aCustomComponentHasARoleOfItsName() throws {
    let segmentation = try segmentation(
      "custom: [{user: backup, grants: [{prefix: /calico/, access: read}, {key: /backup, access: readwrite}]}]"
    )
    #expect(
      segmentation[role: "backup"]?.grants.map { "\($0.grant)" } == ["read /calico/*", "readwrite /backup"])
    #expect(segmentation[identity: "backup"]?.roles == ["backup"])
  }
}
