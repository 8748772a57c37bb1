import Catalogue
import Keyspace
import Testing

@Suite struct DocumentedTests {
  /// A second copy of the published tables: prefixes to read, prefixes to read and write. A name without a
  /// leading slash is a kind of resource.
  static let tables: [(component: String, read: [String], readwrite: [String])] = [
    (
      "calico-node", [v3],
      [
        "/calico/felix/v1/", "/calico/felix/v2/", "/calico/ipam/v2/", "felixconfigurations/", "nodes/",
        "workloadendpoints/", "clusterinformations/", "ippools/",
      ]
    ),
    ("felix", [v3], ["/calico/felix/v1/", "/calico/felix/v2/"]),
    (
      "cni-plugin", ["ippools/", "clusterinformations/", "nodes/"],
      ["/calico/ipam/v2/", "workloadendpoints/"]
    ),
    (
      "kube-controllers", [v3],
      [
        "/calico/ipam/v2/", "profiles/", "networkpolicies/", "nodes/", "clusterinformations/",
        "hostendpoints/",
        "kubecontrollersconfigurations/",
      ]
    ),
    (
      "neutron-driver", ["/calico/felix/v1/", "/calico/felix/v2/"],
      [
        v3, "/calico/dhcp/v1/", "/calico/dhcp/v2/", "/calico/compaction/v1/", "/calico/openstack/v1/",
        "/calico/openstack/v2/",
      ]
    ),
    ("dhcp-agent", [v3, "/calico/dhcp/v1/", "/calico/dhcp/v2/"], []),
    ("calicoctl-read-only", ["/calico/ipam/v2/", v3], []),
    (
      "calicoctl-policy-editor", ["/calico/ipam/v2/", v3],
      ["globalnetworkpolicies/", "globalnetworksets/", "networkpolicies/", "networksets/", "profiles/"]
    ),
    ("calicoctl-full", [], ["/calico/ipam/v2/", v3]),
    ("calico", [], ["/calico/"]),
    ("kube-apiserver", [], ["/registry/"]),
  ]

  @Test(arguments: tables.indices)
  func `a documented component has the rows of the published table and no others`(index: Int) throws {
    let table = Self.tables[index]
    let grants = try component(table.component).grants(.documented, for: installation()).map(\.grant)
    func range(_ prefix: String) -> KeyRange { .prefix(Key(prefix.hasPrefix("/") ? prefix : v3 + prefix)) }
    let expected =
      table.read.map { Grant(range($0), .read) } + table.readwrite.map { Grant(range($0), .readwrite) }
    #expect(Set(grants) == Set(expected))
    #expect(grants.count == expected.count)
  }

  @Test func `typha and flannel have no published table`() throws {
    let without = try catalogue().components.filter { $0.documented == nil }
    #expect(without.map(\.name) == ["typha", "flannel"])
    let installation = try installation()
    #expect(without.allSatisfy { $0.grants(.documented, for: installation).isEmpty })
    #expect(Self.tables.count + without.count == (try catalogue().components.count))
  }

  @Test func `only the published kube-apiserver has the root role`() throws {
    for component in try catalogue().components {
      let roles = component.roles(.documented, for: try installation()).map(\.role)
      #expect(roles == (component.name == "kube-apiserver" ? ["root"] : []), "\(component.name)")
    }
  }

  @Test func `features change nothing in a published table`() throws {
    let features = Set(try catalogue().features.map(\.name))
    let (some, none) = (try installation("v3.20", features), try installation("v3.33"))
    for component in try catalogue().components {
      #expect(component.grants(.documented, for: some) == component.grants(.documented, for: none))
    }
  }
}
