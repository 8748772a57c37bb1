import Catalogue
import Keyspace
import Testing

@Suite struct CorrectedTests {
  // MARK: - Tiers and ClusterInformation, which libcalico's EnsureInitialized writes

  static let tiers: [(release: String, names: Set<String>)] = [
    ("v3.20", []), ("v3.21", []), ("v3.24", []), ("v3.26", []), ("v3.28", []),
    ("v3.29", ["default", "adminnetworkpolicy"]),
    ("v3.30", ["default", "adminnetworkpolicy", "baselineadminnetworkpolicy"]),
    ("v3.31", ["default", "adminnetworkpolicy", "baselineadminnetworkpolicy"]),
    ("v3.32", ["default", "kube-admin", "kube-baseline"]),
    ("v3.33", ["default", "kube-admin", "kube-baseline"]),
  ]

  @Test(arguments: ["calico-node", "kube-controllers", "typha"], tiers.indices)
  func `components that initialize the datastore may create the tiers of their release and no others`(
    name: String, index: Int
  ) throws {
    let (release, names) = Self.tiers[index]
    let permissions = try permissions(name, release)
    for tier in [
      "default", "adminnetworkpolicy", "baselineadminnetworkpolicy", "kube-admin", "kube-baseline",
    ] {
      #expect(permissions.changes(v3 + "tiers/" + tier) == names.contains(tier), "\(tier) in \(release)")
    }
    #expect(!permissions.writes(v3 + "tiers/mine"))
    #expect(permissions.changes(v3 + "clusterinformations/default"))
    #expect(!permissions.writes(v3 + "clusterinformations/other"))
  }

  // MARK: - calico-node

  @Test(arguments: releases)
  func `calico-node reads every resource but writes no workload endpoint`(release: String) throws {
    let node = try permissions("calico-node", release)
    #expect(node.lists(v3))
    #expect(!node.writes(v3 + "workloadendpoints/default/n1-k8s-p-eth0"))
    #expect(!node.writes(v3 + "networkpolicies/default/knp.default.a"))
    #expect(node.changes(v3 + "nodes/n1"))
    #expect(node.changes(v3 + "felixconfigurations/node.n1"))
    #expect(node.changes("/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26"))
    #expect(node.changes("/calico/ipam/v2/config"))
    #expect(!node.reads("/registry/secrets/default/a"))
    #expect(!node.reads("compact_rev_key"))
  }

  /// In etcd mode the status reporter refuses its own update, because the objects that the syncer brings carry no
  /// resource version (node/pkg/status/reporter.go); seen with v3.26.5, v3.29.7 and v3.32.1.
  @Test func `calico-node reads node statuses and does not write them`() throws {
    for release in releases.dropFirst() {
      let node = try permissions("calico-node", release)
      #expect(node.lists(v3 + "caliconodestatuses/"), "\(release)")
      #expect(!node.writes(v3 + "caliconodestatuses/any"), "\(release)")
    }
  }

  @Test func `calico-node creates default configurations in the releases that do, unless they are seeded`()
    throws
  {
    let first = [
      "felixconfigurations/default": "v3.20", "ippools/default-ipv4-ippool": "v3.20",
      "ippools/default-ipv6-ippool": "v3.20", "bgpconfigurations/default": "v3.32",
      "ipamconfigurations/default": "v3.33",
    ]
    for release in releases {
      for (key, since) in first {
        let expected = try CalicoRelease.known(since) <= .known(release)
        #expect(try permissions("calico-node", release).writes(v3 + key) == expected, "\(key) in \(release)")
        #expect(try !permissions("calico-node", release, ["seeded"]).writes(v3 + key))
      }
    }
    #expect(try !permissions("calico-node").writes(v3 + "ippools/mine"))
    #expect(try !permissions("calico-node").writes(v3 + "felixconfigurations/other"))
    #expect(try !permissions("calico-node").writes(v3 + "bgpconfigurations/node.n1"))
  }

  @Test func `calico-node writes Felix's reports only with endpoint reporting`() throws {
    let keys = ["/calico/felix/v1/host/n1/endpoint/eth0", "/calico/felix/v2/no-region/host/n1/status"]
    for key in keys {
      #expect(try !permissions("calico-node").reads(key))
      #expect(try permissions("calico-node", "v3.32", ["endpoint-reporting"]).changes(key))
    }
    let region = try permissions("calico-node", "v3.32", ["endpoint-reporting"], region: "one")
    #expect(region.changes("/calico/felix/v2/region-one/host/n1/status"))
    #expect(!region.reads("/calico/felix/v2/no-region/host/n1/status"))
  }

  // MARK: - felix

  @Test(arguments: releases)
  func `felix alone watches blocks but writes none`(release: String) throws {
    let felix = try permissions("felix", release)
    #expect(felix.lists("/calico/ipam/v2/assignment/"))
    #expect(!felix.writes("/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26"))
    #expect(felix.lists(v3))
    #expect(!felix.writes(v3 + "nodes/n1"))
    #expect(try permissions("felix", release, ["wireguard"]).changes(v3 + "nodes/n1"))
    #expect(felix.writes("/calico/felix/v2/no-region/host/n1/status"))
    #expect(!felix.writes("/calico/felix/v1/host/n1/endpoint/eth0"))
    let kubevirt = try permissions("felix", release, ["kubevirt"])
    let hasLiveMigration = try CalicoRelease.known(release) >= .known("v3.32")
    #expect(kubevirt.writes("/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26") == hasLiveMigration)
    #expect(kubevirt.lists("/calico/ipam/v2/handle/") == hasLiveMigration)
    #expect(kubevirt.reads("/calico/ipam/v2/config") == hasLiveMigration)
    #expect(kubevirt.writes("/calico/ipam/v2/config") == (release == "v3.32"))
  }

  // MARK: - cni-plugin

  @Test(arguments: releases)
  func `cni-plugin does what adding and removing a pod needs`(release: String) throws {
    let cni = try permissions("cni-plugin", release)
    let this = try CalicoRelease.known(release)
    #expect(cni.lists(v3 + "ipreservations/") == (this >= (try .known("v3.21"))))
    #expect(cni.lists(v3 + "blockaffinities/") == (this >= (try .known("v3.31"))))
    #expect(cni.lists(v3 + "ippools/"))
    #expect(cni.reads(v3 + "clusterinformations/default"))
    #expect(!cni.writes(v3 + "clusterinformations/default"))
    #expect(cni.lists(v3 + "workloadendpoints/default/n1-k8s-p-"))
    #expect(cni.changes(v3 + "workloadendpoints/default/n1-k8s-p-eth0"))
    #expect(cni.changes("/calico/ipam/v2/handle/k8s-pod-network.abc"))
    #expect(cni.reads("/calico/ipam/v2/handle/default.pod"))
    #expect(cni.reads(v3 + "nodes/n2"))
    #expect(!cni.writes(v3 + "nodes/n1"))
    #expect(!cni.reads(v3 + "networkpolicies/default/a"))
    #expect(!cni.reads(v3 + "tiers/default"))
    #expect(!cni.reads(v3 + "profiles/k8s-pod-network"))
    let kubevirt = try permissions("cni-plugin", release, ["kubevirt"])
    #expect(kubevirt.reads(v3 + "ipamconfigurations/default") == (this >= (try .known("v3.32"))))
    #expect(!cni.reads(v3 + "ipamconfigurations/default"))
  }

  @Test func `cni-plugin writes nodes on Windows and profiles without a policy section`() throws {
    #expect(try permissions("cni-plugin", "v3.32", ["windows"]).changes(v3 + "nodes/n1"))
    let profiles = try permissions("cni-plugin", "v3.32", ["cni-profiles"])
    #expect(profiles.changes(v3 + "profiles/k8s-pod-network"))
    #expect(!profiles.reads(v3 + "profiles/kns.default"))
  }

  // MARK: - kube-controllers

  @Test(arguments: releases)
  func `kube-controllers follows pods and clears up after nodes`(release: String) throws {
    let controllers = try permissions("kube-controllers", release)
    for key in [
      "workloadendpoints/default/n1-k8s-p-eth0", "nodes/n1", "felixconfigurations/node.n1",
      "bgpconfigurations/node.n1", "bgppeers/any", "hostendpoints/n1-auto-hep",
      "networkpolicies/a/knp.default.b",
      "profiles/kns.default", "profiles/ksa.default.a", "kubecontrollersconfigurations/default",
    ] {
      #expect(controllers.changes(v3 + key), "\(key)")
    }
    for key in [
      "felixconfigurations/default", "bgpconfigurations/default", "profiles/mine",
      "ippools/default-ipv4-ippool",
      "kubecontrollersconfigurations/other", "stagedkubernetesnetworkpolicies/a/b",
    ] {
      #expect(!controllers.writes(v3 + key), "\(key)")
    }
    #expect(controllers.lists(v3))
    #expect(controllers.changes("/calico/ipam/v2/host/n1"))
    #expect(controllers.changes("/calico/ipam/v2/virtual/load-balancer/ipv4/block/10.0.0.0-26"))
    let migrates = try CalicoRelease.known(release) >= .known("v3.32")
    for kind in ["globalnetworkpolicies/", "stagedglobalnetworkpolicies/", "stagednetworkpolicies/ns/"] {
      #expect(controllers.writes(v3 + kind + "a") == migrates, "\(kind)")
    }
  }

  @Test func `compacting needs its key and the root role, and only on request`() throws {
    #expect(try !permissions("kube-controllers").reads("compact_rev_key"))
    #expect(try component("kube-controllers").roles(.corrected, for: installation()).isEmpty)
    #expect(try permissions("kube-controllers", "v3.32", ["compaction"]).changes("compact_rev_key"))
    let roles = try component("kube-controllers").roles(
      .corrected, for: installation("v3.32", ["compaction"]))
    #expect(roles.map(\.role) == ["root"])
  }

  @Test func `kube-apiserver compacts and is root unless told otherwise`() throws {
    let apiserver = try component("kube-apiserver")
    #expect(try permissions("kube-apiserver").changes("compact_rev_key"))
    #expect(try permissions("kube-apiserver").changes("/registry/pods/default/a"))
    #expect(try !permissions("kube-apiserver").reads("/calico/ipam/v2/config"))
    #expect(apiserver.roles(.corrected, for: try installation()).map(\.role) == ["root"])
    let without: Set = ["apiserver-without-compaction"]
    #expect(try !permissions("kube-apiserver", "v3.32", without).reads("compact_rev_key"))
    #expect(apiserver.roles(.corrected, for: try installation("v3.32", without)).isEmpty)
  }

  // MARK: - typha and calicoctl

  @Test func `typha reads affinities and blocks of all nodes and writes no IPAM`() throws {
    let typha = try permissions("typha")
    #expect(typha.lists(v3))
    #expect(typha.lists("/calico/ipam/v2/host/"))
    #expect(typha.lists("/calico/ipam/v2/assignment/"))
    #expect(!typha.reads("/calico/ipam/v2/handle/a"))
    #expect(typha.writable.ranges.allSatisfy { $0.singleKey != nil })
  }

  @Test func `the read-only calicoctl writes nothing in any release`() throws {
    for release in releases { #expect(try permissions("calicoctl-read-only", release).writable.isEmpty) }
  }

  @Test(arguments: releases)
  func `the policy editor edits policy, and more kinds with features`(release: String) throws {
    let editor = try permissions("calicoctl-policy-editor", release)
    for kind in [
      "globalnetworkpolicies/", "globalnetworksets/", "networkpolicies/a/", "networksets/a/", "profiles/",
    ] {
      #expect(editor.changes(v3 + kind + "b"))
    }
    for kind in ["tiers/", "hostendpoints/", "stagednetworkpolicies/a/", "nodes/", "ippools/"] {
      #expect(!editor.writes(v3 + kind + "b"))
    }
    #expect(!editor.reads("/calico/ipam/v2/config"))
    let this = try CalicoRelease.known(release)
    let more = try permissions(
      "calicoctl-policy-editor", release, ["tiers", "staged-policies", "host-endpoints"])
    #expect(more.changes(v3 + "tiers/b") == (this >= (try .known("v3.29"))))
    #expect(more.changes(v3 + "stagedkubernetesnetworkpolicies/a/b") == (this >= (try .known("v3.30"))))
    #expect(more.changes(v3 + "hostendpoints/b"))
  }

  @Test func `the full calicoctl changes everything of Calico's resources and IPAM`() throws {
    let full = try permissions("calicoctl-full")
    #expect(full.allow(.readwrite, .prefix(Key(v3))))
    #expect(full.allow(.readwrite, .prefix("/calico/ipam/v2/")))
    #expect(!full.reads("/calico/felix/v1/host/a/endpoint/b"))
  }

  // MARK: - OpenStack and flannel

  @Test func `the Neutron driver reads ranges without a trailing slash`() throws {
    let driver = try permissions("neutron-driver")
    #expect(driver.lists("/calico/felix/v2/no-region/host"))
    #expect(driver.changes("/calico/felix/v2/no-region/host/round-trip-check"))
    #expect(!driver.writes("/calico/felix/v2/no-region/host/n1/status"))
    #expect(driver.allow(.write, .prefix("/calico/dhcp/v1/subnet")))
    #expect(!driver.reads("/calico/dhcp/v1/subnet/a"))
    #expect(driver.allow(.readwrite, .prefix("/calico/dhcp/v2/no-region/subnet")))
    #expect(driver.writes("/calico/openstack/v1/neutron_election"))
    #expect(!driver.reads("/calico/openstack/v1/neutron_election"))
    #expect(driver.changes("/calico/openstack/v2/no-region/neutron_election"))
    #expect(driver.lists(v3 + "networkpolicies/openstack/"))
    #expect(!driver.reads(v3 + "networkpolicies/default/a"))
    #expect(!driver.reads("/calico/felix/v1/host/n1/endpoint/a"))
    #expect(!driver.reads("/calico/compaction/v1/last"))
    #expect(try permissions("neutron-driver", "v3.32", ["compaction"]).changes("/calico/compaction/v1/last"))
  }

  @Test func `the Neutron driver writes live migrations from v3_32 on`() throws {
    for release in releases {
      let expected = release == "v3.32" || release == "v3.33"
      #expect(
        try permissions("neutron-driver", release).writes(v3 + "livemigrations/openstack/a") == expected)
    }
  }

  @Test func `a region changes OpenStack's keys and lets the driver delete the old ones`() throws {
    let driver = try permissions("neutron-driver", region: "one")
    #expect(driver.changes(v3 + "workloadendpoints/openstack-region-one/a"))
    #expect(driver.allow(.write, .prefix(Key(v3 + "workloadendpoints/openstack/"))))
    #expect(driver.allow(.write, .prefix(Key(v3 + "networkpolicies/openstack/ossg.default."))))
    #expect(!driver.reads(v3 + "workloadendpoints/openstack/a"))
    #expect(!driver.reads(v3 + "networkpolicies/openstack/ossg.default.a"))
    #expect(driver.lists("/calico/dhcp/v2/region-one/subnet"))
    #expect(!driver.reads("/calico/dhcp/v2/no-region/subnet/a"))
    #expect(!driver.reads(v3 + "workloadendpoints/openstack-region-two/a"))
    let agent = try permissions("dhcp-agent", region: "one")
    #expect(agent.lists(v3 + "workloadendpoints/openstack-region-one/"))
    #expect(!agent.reads(v3 + "workloadendpoints/openstack/a"))
  }

  @Test func `the DHCP agent only reads`() throws {
    let agent = try permissions("dhcp-agent")
    #expect(agent.writable.isEmpty)
    #expect(agent.lists("/calico/dhcp/v1/subnet"))
    #expect(agent.lists("/calico/dhcp/v2/no-region/subnet"))
    #expect(agent.lists(v3 + "workloadendpoints/openstack/n1-openstack-"))
    #expect(!agent.reads(v3 + "networkpolicies/openstack/a"))
  }

  @Test func `flannel leases subnets and reads its configuration`() throws {
    let flannel = try permissions("flannel")
    #expect(flannel.lists("/coreos.com/network/subnets"))
    #expect(flannel.changes("/coreos.com/network/subnets/10.244.1.0-24"))
    #expect(flannel.reads("/coreos.com/network/config"))
    #expect(!flannel.writes("/coreos.com/network/config"))
    #expect(!flannel.reads("/calico/ipam/v2/config"))
  }

  @Test func `the one user for all of Calico reaches what each component reaches`() throws {
    let all = try permissions("calico", "v3.32", ["compaction"])
    let features = Set(try catalogue().features.map(\.name))
    for name in [
      "calico-node", "felix", "cni-plugin", "kube-controllers", "typha", "calicoctl-full", "neutron-driver",
    ] {
      let one = try permissions(name, "v3.32", features)
      #expect(one.readable.subtracting(all.readable).isEmpty, "\(name)")
      #expect(one.writable.subtracting(all.writable).isEmpty, "\(name)")
    }
    #expect(try !permissions("calico").reads("compact_rev_key"))
  }
}
