import Catalogue
import Keyspace
import Testing

@Suite struct NodeScopeTests {
  @Test func `a node's user does not reach the node whose name begins with its own`() throws {
    let all: Set = ["endpoint-reporting", "wireguard", "windows", "kubevirt"]
    let own = try permissions("calico-node", on: "n1", "v3.32", all)
    let ownKeys = [
      "\(v3)nodes/#", "\(v3)felixconfigurations/node.#", "/calico/ipam/v2/host/#/ipv4/block/10.0.0.0-26",
      "/calico/ipam/v2/handle/ipip-tunnel-addr-#", "/calico/ipam/v2/handle/vxlan-tunnel-addr-#",
      "/calico/ipam/v2/handle/vxlan-v6-tunnel-addr-#", "/calico/ipam/v2/handle/wireguard-tunnel-addr-#",
      "/calico/ipam/v2/handle/wireguard-v6-tunnel-addr-#", "/calico/felix/v1/host/#/endpoint/eth0",
      "/calico/felix/v2/no-region/host/#/status",
    ]
    for key in ownKeys {
      #expect(own.changes(key.replacing("#", with: "n1")), "\(key)")
      #expect(!own.writes(key.replacing("#", with: "n10")), "\(key)")
      #expect(!own.writes(key.replacing("#", with: "n")), "\(key)")
    }
    let cni = try permissions("cni-plugin", on: "n1", "v3.32", all)
    for key in ["\(v3)nodes/#", "/calico/ipam/v2/host/#/ipv4/block/10.0.0.0-26"] {
      #expect(cni.changes(key.replacing("#", with: "n1")))
      #expect(!cni.writes(key.replacing("#", with: "n10")))
    }
    let felix = try permissions("felix", on: "n1", "v3.32", all)
    #expect(felix.changes(v3 + "nodes/n1"))
    #expect(!felix.writes(v3 + "nodes/n10"))
    #expect(!felix.writes("/calico/felix/v2/no-region/host/n10/status"))
  }

  @Test func `entries that cannot be divided stay shared`() throws {
    let node = try permissions("calico-node", on: "n1")
    #expect(node.lists(v3))
    #expect(node.lists("/calico/ipam/v2/"))
    for key in [
      "/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26", v3 + "tiers/kube-admin",
      v3 + "clusterinformations/default",
    ] {
      #expect(node.changes(key), "\(key)")
    }
    #expect(!node.writes("/calico/ipam/v2/handle/k8s-pod-network.abc"))
    let cni = try permissions("cni-plugin", on: "n1")
    #expect(cni.changes("/calico/ipam/v2/handle/k8s-pod-network.abc"))
    #expect(cni.reads("/calico/ipam/v2/handle/default.pod"))
    #expect(!cni.writes("/calico/ipam/v2/handle/ipip-tunnel-addr-n1"))
    #expect(cni.changes(v3 + "workloadendpoints/default/n2-k8s-p-eth0"))
  }

  @Test func `the configuration of IPAM is written only by the releases that create it`() throws {
    for name in ["calico-node", "cni-plugin"] {
      for release in releases {
        let this = try CalicoRelease.known(release)
        let expected = try CalicoRelease.known("v3.24") <= this && this <= .known("v3.32")
        #expect(
          try permissions(name, on: "n1", release).writes("/calico/ipam/v2/config") == expected, "\(release)")
        #expect(try permissions(name, on: "n1", release).reads("/calico/ipam/v2/config"))
        #expect(try !permissions(name, on: "n1", release, ["seeded"]).writes("/calico/ipam/v2/config"))
      }
    }
  }

  @Test func `the handles of tunnels come with the releases that have the tunnels`() throws {
    let first = [
      "ipip": "v3.20", "vxlan": "v3.20", "wireguard": "v3.20", "vxlan-v6": "v3.23", "wireguard-v6": "v3.24",
    ]
    for release in releases {
      let node = try permissions("calico-node", on: "n1", release)
      for (tunnel, since) in first {
        let expected = try CalicoRelease.known(since) <= .known(release)
        let handle = "/calico/ipam/v2/handle/\(tunnel)-tunnel-addr-n1"
        #expect(node.changes(handle) == expected, "\(tunnel) in \(release)")
        #expect(node.writes(handle) == expected, "\(tunnel) in \(release)")
      }
    }
  }

  @Test func `on Windows the CNI plugin writes no handle beyond those of its pods`() throws {
    let cni = try permissions("cni-plugin", on: "n1", "v3.32", ["windows"])
    #expect(!cni.writes("/calico/ipam/v2/handle/windows-reserved-ipam-handle"))
    #expect(cni.changes("/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26"))
  }

  @Test func `the DHCP agent reads the endpoints of its own host, with dashes doubled`() throws {
    let agent = try permissions("dhcp-agent", on: "n-1")
    #expect(agent.lists(v3 + "workloadendpoints/openstack/n--1-openstack-"))
    #expect(!agent.reads(v3 + "workloadendpoints/openstack/n-openstack-a-b"))
    #expect(!agent.reads(v3 + "workloadendpoints/openstack/n--10-openstack-a-b"))
  }

  /// The role for v3.32 with all seeds, as derived from Calico's source.
  @Test func `a seeded node has exactly the minimal role`() throws {
    let expected = Permissions(
      [
        Grant(.prefix(Key(v3)), .read), Grant(.key(Key(v3 + "nodes/n1")), .readwrite),
        Grant(.key(Key(v3 + "felixconfigurations/node.n1")), .readwrite),
        Grant(.key(Key(v3 + "clusterinformations/default")), .readwrite),
        Grant(.key(Key(v3 + "tiers/default")), .readwrite),
        Grant(.key(Key(v3 + "tiers/kube-admin")), .readwrite),
        Grant(.key(Key(v3 + "tiers/kube-baseline")), .readwrite),
        Grant(.prefix("/calico/ipam/v2/"), .read),
        Grant(.prefix("/calico/ipam/v2/assignment/"), .readwrite),
        Grant(.prefix("/calico/ipam/v2/host/n1/"), .readwrite),
      ]
        + ["ipip", "vxlan", "vxlan-v6", "wireguard", "wireguard-v6"].map {
          Grant(.key(Key("/calico/ipam/v2/handle/\($0)-tunnel-addr-n1")), .readwrite)
        } + [
          Grant(.prefix("/calico/felix/v1/host/n1/"), .readwrite),
          Grant(.prefix("/calico/felix/v2/no-region/host/n1/"), .readwrite),
        ])
    let got = try permissions("calico-node", on: "n1", "v3.32", ["seeded", "endpoint-reporting"])
    #expect(got == expected)
  }

  @Test func `a node's user is never allowed more than the component's`() throws {
    let all = try catalogue()
    for release in releases {
      for features in [[], Set(all.features.map(\.name)).subtracting(["seeded"])] {
        for name in all.components.map(\.name) {
          let node = try permissions(name, on: "n1", release, features)
          let whole = try permissions(name, release, features)
          #expect(node.readable.subtracting(whole.readable).isEmpty, "\(name) \(release)")
          #expect(node.writable.subtracting(whole.writable).isEmpty, "\(name) \(release)")
        }
      }
    }
  }

  @Test func `only components that run on nodes have a part for each node`() throws {
    for component in try catalogue().components where component.placement != .node {
      let own = component.own(.corrected, try NodeName("n1"), for: try installation())
      #expect(own.isEmpty, "\(component.name)")
    }
  }
}
