import Catalogue
import Keyspace
import Testing

@testable import Segmentation

@Suite struct NodeIsolationTests {
  static let components = "components: [calico-node, cni-plugin, kube-controllers]\nnodes: [n1, n10, n2]\n"

  @Test func eachNodesUserHasTheSharedRoleAndItsOwn() throws {
    let segmentation = try segmentation(Self.components + "isolation: node-user")
    #expect(
      segmentation.identities.map(\.user) == [
        "root", "calico-node.n1", "calico-node.n10", "calico-node.n2", "cni-plugin.n1", "cni-plugin.n10",
        "cni-plugin.n2", "kube-controllers",
      ])
    #expect(
      segmentation.roles.map(\.name) == [
        "calico-node", "calico-node.n1", "calico-node.n10", "calico-node.n2", "cni-plugin", "cni-plugin.n1",
        "cni-plugin.n10", "cni-plugin.n2", "kube-controllers",
      ])
    let identity = try #require(segmentation[identity: "cni-plugin.n10"])
    #expect(identity.roles == ["cni-plugin", "cni-plugin.n10"])
    #expect(identity.component == "cni-plugin")
    #expect(identity.node?.text == "n10")
    #expect(segmentation[identity: "kube-controllers"]?.node == nil)
    #expect(segmentation.deliveries.count == 7)
    #expect(segmentation.deliveries.first == Delivery(user: "calico-node.n1", node: try NodeName("n1")))
  }

  /// A node whose name begins with the name of another has no access to the other's keys either.
  @Test(arguments: ["calico-node", "cni-plugin"]) func noNodeMayAccessAnothersKeys(component: String) throws {
    let segmentation = try segmentation(
      Self.components + "isolation: node-user", features: "endpoint-reporting, windows")
    let shared = Permissions(try #require(segmentation[role: component]).grants.map(\.grant))
    for other in ["n1", "n10", "n2"] {
      let own = Permissions(try #require(segmentation[role: "\(component).\(other)"]).grants.map(\.grant))
      #expect(!own.writable.isEmpty)
      #expect(own.writable.intersection(shared.writable).isEmpty)
      for node in ["n1", "n10", "n2"] {
        let identity = try #require(segmentation[identity: "\(component).\(node)"])
        let permissions = segmentation.permissions(of: identity)
        #expect(permissions.include(shared))
        #expect(permissions.writable.intersection(own.writable).isEmpty == (node != other))
      }
    }
  }

  /// Divided or not, a node's program has the access that it needs, and no more than before.
  @Test func aNodesUserHasItsOwnAccessAndNoMoreThanTheComponent() throws {
    let whole = try segmentation(Self.components)
    let divided = try segmentation(Self.components + "isolation: node-user")
    for component in ["calico-node", "cni-plugin"] {
      let all = whole.permissions(of: try #require(whole[identity: component]))
      let one = divided.permissions(of: try #require(divided[identity: "\(component).n1"]))
      #expect(all.include(one))
      #expect(!one.include(all))
    }
    let node = divided.permissions(of: try #require(divided[identity: "calico-node.n1"]))
    #expect(node.allow(.readwrite, Key("\(v3)nodes/n1")))
    #expect(!node.allow(.write, Key("\(v3)nodes/n10")))
    #expect(node.allow(.readwrite, .prefix("/calico/ipam/v2/host/n1/")))
    #expect(!node.allow(.write, Key("/calico/ipam/v2/host/n10/x")))
    #expect(node.allow(.read, .prefix(Key("\(v3)nodes/"))))
  }

  @Test func sharedGrantsHaveAReason() throws {
    let role = try #require(segmentation(Self.components + "isolation: node-user")[role: "cni-plugin"])
    let blocks = try #require(role.grants.first { $0.grant.range == .prefix("/calico/ipam/v2/assignment/") })
    #expect(
      blocks.whyShared
        == "blocks are named by their addresses and handles by the pod's container, neither of them by a node"
    )
    #expect(
      try segmentation(Self.components).roles.allSatisfy { $0.grants.allSatisfy { $0.whyShared == nil } })
  }

  @Test func certificatesOfNodesShareTheUser() throws {
    let segmentation = try segmentation(Self.components + "isolation: node-certificate")
    #expect(segmentation.identities.map(\.user) == ["root", "calico-node", "cni-plugin", "kube-controllers"])
    #expect(segmentation.roles == (try self.undivided()).roles)
    #expect(
      segmentation.deliveries.map { "\($0.user) \($0.node?.text ?? "-")" } == [
        "calico-node n1", "calico-node n10", "calico-node n2", "cni-plugin n1", "cni-plugin n10",
        "cni-plugin n2",
        "kube-controllers -",
      ])
  }

  private func undivided() throws -> Segmentation { try segmentation(Self.components) }

  @Test func aPublishedTableIsNotDivided() throws {
    let segmentation = try segmentation(Self.components + "isolation: node-user", roles: "documented")
    #expect(segmentation.roles.map(\.name) == ["calico-node", "cni-plugin", "kube-controllers"])
    #expect(segmentation[identity: "calico-node.n1"]?.roles == ["calico-node"])
  }

  /// Every component of placement `node` can be divided, and no name of a component has a dot, which ends it
  /// in a user's name.
  @Test func everyComponentOfANodeCanBeDivided() throws {
    let names = try catalogue().components.filter { $0.placement == .node }.map(\.name)
    #expect(names.count >= 4)
    #expect(try catalogue().components.allSatisfy { !$0.name.contains(".") })
    let segmentation = try segmentation(
      "components: [\(names.joined(separator: ", "))]\nnodes: [n1]\nisolation: node-user")
    #expect(segmentation.identities.dropFirst().map(\.user) == names.map { "\($0).n1" })
  }
}
