import Catalogue
import Keyspace

/// One request of a program to etcd, as in its source.
struct Request {
  let component: String
  let since: CalicoRelease
  let until: CalicoRelease
  let feature: String?
  let access: Access
  let range: KeyRange

  func isSent(in installation: Installation) -> Bool {
    since <= installation.release && installation.release <= until
      && (feature.map(installation.features.contains) ?? true)
  }

  /// Parses `component releases feature verb key...`; a star stands for every release or for no feature, and
  /// `R/` at the start of a key for the prefix of Calico's resources.
  static func parse(_ table: String) throws -> [Request] {
    try table.split(separator: "\n").filter { !$0.hasPrefix("#") }.flatMap { line in
      let words = line.split(separator: " ").map(String.init)
      let ends = words[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
      let known = CalicoRelease.known
      let isEvery = words[1] == "*"
      return try words[4...].map { word in
        let key = Key(word.hasPrefix("R/") ? v3 + word.dropFirst(2) : word)
        let (access, range) = try shape(words[3], key)
        return Request(
          component: words[0],
          since: isEvery ? known.lowerBound : try .known("v3." + ends[0]),
          until: isEvery || ends.last == "" ? known.upperBound : try .known("v3." + ends[ends.count - 1]),
          feature: words[2] == "*" ? nil : words[2], access: access, range: range)
      }
    }
  }

  /// The access that each verb needs in etcd (Calico, `libcalico-go/lib/backend/etcdv3/etcdv3.go`, and
  /// `networking_calico/etcdv3.py`): a change is a transaction that compares and, if necessary, reads.
  private static func shape(_ verb: String, _ key: Key) throws -> (Access, KeyRange) {
    switch verb {
    case "get": (.read, .key(key))
    case "list": (.read, .prefix(key))
    case "change": (.readwrite, .key(key))
    case "put": (.write, .key(key))
    case "delete-all": (.write, .prefix(key))
    default: throw CatalogueError("\"\(verb)\" is no verb", hint: "use one of those above")
    }
  }
}

/// The requests of each program on node `n1`, read from Calico's source at the tags v3.20 to v3.32 and on the
/// branch release-v3.33, independently of the data files: the list contains what was found there, not what is
/// granted.
let requestTable = """
  # Felix in calico/node and alone: felixsyncerv1.go, daemon.go, status_reporter.go, live_migration.go
  calico-node * * list R/clusterinformations/ R/felixconfigurations/ R/globalnetworkpolicies/ R/profiles/
  calico-node * * list R/globalnetworksets/ R/ippools/ R/nodes/ R/workloadendpoints/ R/networkpolicies/
  calico-node * * list R/networksets/ R/hostendpoints/ R/bgpconfigurations/ /calico/ipam/v2/assignment/
  calico-node 29- * list R/tiers/
  calico-node 30- * list R/stagednetworkpolicies/ R/stagedglobalnetworkpolicies/ R/bgppeers/
  calico-node 30- * list R/stagedkubernetesnetworkpolicies/
  calico-node 32- * list R/livemigrations/
  calico-node * endpoint-reporting list /calico/felix/v1/host/n1/endpoint/
  calico-node * endpoint-reporting list /calico/felix/v2/no-region/host/n1/workload/
  calico-node * endpoint-reporting put /calico/felix/v2/no-region/host/n1/status
  calico-node * endpoint-reporting put /calico/felix/v2/no-region/host/n1/last_reported_status
  calico-node * endpoint-reporting change /calico/felix/v1/host/n1/endpoint/eth0
  calico-node * endpoint-reporting change /calico/felix/v2/no-region/host/n1/workload/k8s/a%2fb/endpoint/c
  calico-node 32- kubevirt get /calico/ipam/v2/handle/k8s-pod-network.vmi.a.b
  calico-node 32- kubevirt change /calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26
  felix * * list R/clusterinformations/ R/felixconfigurations/ R/globalnetworkpolicies/ R/profiles/
  felix * * list R/globalnetworksets/ R/ippools/ R/nodes/ R/workloadendpoints/ R/networkpolicies/
  felix * * list R/networksets/ R/hostendpoints/ R/bgpconfigurations/ /calico/ipam/v2/assignment/
  felix 29- * list R/tiers/
  felix 30- * list R/stagednetworkpolicies/ R/stagedglobalnetworkpolicies/ R/bgppeers/
  felix 30- * list R/stagedkubernetesnetworkpolicies/
  felix 32- * list R/livemigrations/
  felix * * put /calico/felix/v2/no-region/host/n1/status
  felix * * put /calico/felix/v2/no-region/host/n1/last_reported_status
  felix * endpoint-reporting list /calico/felix/v1/host/n1/endpoint/
  felix * endpoint-reporting list /calico/felix/v2/no-region/host/n1/workload/
  felix * endpoint-reporting change /calico/felix/v1/host/n1/endpoint/eth0
  felix * endpoint-reporting change /calico/felix/v2/no-region/host/n1/workload/openstack/a/endpoint/b
  felix * wireguard change R/nodes/n1
  felix 32- kubevirt get /calico/ipam/v2/handle/k8s-pod-network.vmi.a.b /calico/ipam/v2/config
  felix 32- kubevirt change /calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26
  felix 32-32 kubevirt change /calico/ipam/v2/config
  # The rest of calico/node: bgpsyncer.go, startup.go, allocateip.go, reporter.go, client.go
  calico-node * * list R/bgppeers/ /calico/ipam/v2/host/n1/ /calico/ipam/v2/host/n1/ipv4/block/
  calico-node 26- * list R/bgpfilters/
  calico-node 21- * list R/caliconodestatuses/ R/ipreservations/
  calico-node 31- * list R/blockaffinities/
  calico-node * * get R/nodes/foo /calico/ipam/v2/config
  calico-node * * change R/clusterinformations/default R/nodes/n1
  calico-node * * change R/felixconfigurations/default R/felixconfigurations/node.n1
  calico-node * * change R/ippools/default-ipv4-ippool R/ippools/default-ipv6-ippool
  calico-node 29- * change R/tiers/default
  calico-node 29-31 * change R/tiers/adminnetworkpolicy
  calico-node 30-31 * change R/tiers/baselineadminnetworkpolicy
  calico-node 32- * change R/tiers/kube-admin R/tiers/kube-baseline R/bgpconfigurations/default
  calico-node 33- * change R/ipamconfigurations/default
  calico-node * * change /calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26
  calico-node * * change /calico/ipam/v2/host/n1/ipv4/block/10.0.0.0-26
  calico-node * * change /calico/ipam/v2/handle/ipip-tunnel-addr-n1
  calico-node * * change /calico/ipam/v2/handle/vxlan-tunnel-addr-n1
  calico-node * * change /calico/ipam/v2/handle/wireguard-tunnel-addr-n1
  calico-node 23- * change /calico/ipam/v2/handle/vxlan-v6-tunnel-addr-n1
  calico-node 24- * change /calico/ipam/v2/handle/wireguard-v6-tunnel-addr-n1
  calico-node 24-32 * change /calico/ipam/v2/config
  # cni-plugin: plugin.go, k8s.go, ipam_plugin.go, dataplane_windows.go, ipam.go
  cni-plugin * * get R/clusterinformations/default R/nodes/n1 R/nodes/n2 /calico/ipam/v2/config
  cni-plugin * * get /calico/ipam/v2/handle/default.p
  cni-plugin * * list R/ippools/ R/workloadendpoints/default/n1-k8s-p- /calico/ipam/v2/assignment/
  cni-plugin * * list /calico/ipam/v2/host/n1/ipv4/block/ /calico/ipam/v2/handle/
  cni-plugin * * change R/workloadendpoints/default/n1-k8s-p-eth0
  cni-plugin * * change /calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26
  cni-plugin * * change /calico/ipam/v2/host/n1/ipv4/block/10.0.0.0-26
  cni-plugin * * change /calico/ipam/v2/handle/k8s-pod-network.abc
  cni-plugin 21- * list R/ipreservations/
  cni-plugin 31- * list R/blockaffinities/
  cni-plugin 24-32 * change /calico/ipam/v2/config
  cni-plugin 32- kubevirt get R/ipamconfigurations/default
  cni-plugin 32- kubevirt change /calico/ipam/v2/handle/k8s-pod-network.vmi.a.b
  cni-plugin * windows change R/nodes/n1
  cni-plugin * cni-profiles change R/profiles/k8s-pod-network
  # kube-controllers: syncer.go, run.go, runconfig.go, the controllers, node.go, policymigrate.go
  kube-controllers * * list R/nodes/ R/ippools/ R/profiles/ R/networkpolicies/ R/workloadendpoints/
  kube-controllers * * list R/hostendpoints/ R/bgppeers/ R/kubecontrollersconfigurations/
  kube-controllers * * list /calico/ipam/v2/assignment/ /calico/ipam/v2/handle/ /calico/ipam/v2/host/n2/
  kube-controllers 23- * list R/clusterinformations/
  kube-controllers 30- * list R/ipreservations/ /calico/ipam/v2/virtual/load-balancer/ipv4/block/
  kube-controllers 31- * list R/blockaffinities/
  kube-controllers 32- * list R/globalnetworkpolicies/ R/stagednetworkpolicies/
  kube-controllers 32- * list R/stagedglobalnetworkpolicies/
  kube-controllers * * change R/clusterinformations/default R/kubecontrollersconfigurations/default
  kube-controllers * * change R/profiles/kns.a R/profiles/ksa.a.b R/networkpolicies/a/knp.default.b
  kube-controllers * * change R/workloadendpoints/a/n1-k8s-p-eth0 R/nodes/n2 R/hostendpoints/n2-auto-hep
  kube-controllers * * change R/bgppeers/any R/felixconfigurations/node.n2 R/bgpconfigurations/node.n2
  kube-controllers * * change /calico/ipam/v2/host/n2 /calico/ipam/v2/host/n2/ipv4/block/10.0.0.0-26
  kube-controllers * * change /calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26
  kube-controllers * * change /calico/ipam/v2/handle/k8s-pod-network.abc
  kube-controllers 30- * change /calico/ipam/v2/virtual/load-balancer/ipv4/block/10.0.0.0-26
  kube-controllers 24-32 * change /calico/ipam/v2/config
  kube-controllers 29- * change R/tiers/default
  kube-controllers 29-31 * change R/tiers/adminnetworkpolicy
  kube-controllers 30-31 * change R/tiers/baselineadminnetworkpolicy
  kube-controllers 32- * change R/tiers/kube-admin R/tiers/kube-baseline R/globalnetworkpolicies/default.a
  kube-controllers 32- * change R/stagednetworkpolicies/a/default.b R/stagedglobalnetworkpolicies/default.a
  kube-controllers * compaction change compact_rev_key
  # typha: daemon.go, and the feeds of Felix, confd, tunnel addresses and node status
  typha * * list R/clusterinformations/ R/felixconfigurations/ R/globalnetworkpolicies/ R/nodes/ R/bgppeers/
  typha * * list R/workloadendpoints/ /calico/ipam/v2/assignment/ /calico/ipam/v2/host/
  typha 21- * list R/caliconodestatuses/
  typha 26- * list R/bgpfilters/
  typha 29- * list R/tiers/
  typha 32- * list R/livemigrations/
  typha * * change R/clusterinformations/default
  typha 29- * change R/tiers/default
  typha 29-31 * change R/tiers/adminnetworkpolicy
  typha 30-31 * change R/tiers/baselineadminnetworkpolicy
  typha 32- * change R/tiers/kube-admin R/tiers/kube-baseline
  # neutron-driver and dhcp-agent: networking-calico, without a region
  neutron-driver * * list R/networkpolicies/openstack/ R/workloadendpoints/openstack/
  neutron-driver * * list /calico/dhcp/v2/no-region/subnet /calico/felix/v2/no-region/host
  neutron-driver 32- * list R/livemigrations/openstack/
  neutron-driver * * change R/networkpolicies/openstack/ossg.default.a R/workloadendpoints/openstack/a
  neutron-driver * * change R/clusterinformations/default R/felixconfigurations/default
  neutron-driver * * change /calico/dhcp/v2/no-region/subnet/a /calico/openstack/v2/no-region/neutron_election
  neutron-driver 32- * change R/livemigrations/openstack/a
  neutron-driver * * put /calico/openstack/v1/neutron_election
  neutron-driver * * put /calico/felix/v2/no-region/host/round-trip-check
  neutron-driver * * delete-all /calico/dhcp/v1/subnet
  neutron-driver * compaction get /calico/compaction/v1/last /calico/compaction/v1/trigger
  neutron-driver * compaction put /calico/compaction/v1/last /calico/compaction/v1/trigger
  dhcp-agent * * list R/workloadendpoints/openstack/n1-openstack- /calico/dhcp/v1/subnet
  dhcp-agent * * list /calico/dhcp/v2/no-region/subnet
  # flannel: registry.go since flannel v0.18
  flannel * * get /coreos.com/network/config
  flannel * * list /coreos.com/network/subnets
  flannel * * change /coreos.com/network/subnets/10.244.1.0-24
  """
