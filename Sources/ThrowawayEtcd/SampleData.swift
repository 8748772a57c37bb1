import Etcd
import Keyspace

/// The data of a small cluster, in the formats in which Calico and Kubernetes store theirs (libcalico-go,
/// `lib/backend/model`), so that a demo shows what a segmentation protects.
package enum SampleData {
  package static let keys: [(key: String, value: String)] = resources + ipam + felix + kubernetes

  /// Writes all sample keys.
  package static func write(to etcd: EtcdClient) async throws {
    for (key, value) in keys { try await etcd.put(Array(value.utf8), at: Key(key)) }
  }

  private static let nodes = [("node-1", "10.0.0.11"), ("node-2", "10.0.0.12"), ("node-10", "10.0.0.20")]

  private static let resources: [(key: String, value: String)] =
    [
      resource(
        "ippools", "IPPool", "default-ipv4-ippool",
        #"{"cidr":"192.168.0.0/16","ipipMode":"Always","natOutgoing":true,"blockSize":26}"#),
      resource(
        "felixconfigurations", "FelixConfiguration", "default",
        #"{"logSeverityScreen":"Info","reportingInterval":"0s"}"#),
      resource(
        "clusterinformations", "ClusterInformation", "default",
        #"{"calicoVersion":"v3.32.1","clusterType":"k8s,bgp","datastoreReady":true}"#),
      resource(
        "kubecontrollersconfigurations", "KubeControllersConfiguration", "default",
        #"{"controllers":{"node":{"syncLabels":"Enabled"}}}"#),
      resource("bgpconfigurations", "BGPConfiguration", "default", #"{"nodeToNodeMeshEnabled":true}"#),
      resource("tiers", "Tier", "default", #"{"order":1000000,"defaultAction":"Deny"}"#),
      resource("tiers", "Tier", "kube-admin", #"{"order":1000,"defaultAction":"Pass"}"#),
      resource("tiers", "Tier", "kube-baseline", #"{"order":10000000,"defaultAction":"Pass"}"#),
      resource(
        "globalnetworkpolicies", "GlobalNetworkPolicy", "deny-egress",
        #"{"tier":"default","order":100,"types":["Egress"]}"#),
      resource("globalnetworksets", "GlobalNetworkSet", "office", #"{"nets":["203.0.113.0/24"]}"#),
      resource(
        "networkpolicies", "NetworkPolicy", "shop/knp.default.allow-web",
        #"{"tier":"default","order":1000,"types":["Ingress"]}"#),
      resource("profiles", "Profile", "kns.shop", #"{"labelsToApply":{"pcns.team":"shop"}}"#),
      resource("profiles", "Profile", "ksa.shop.default", #"{"labelsToApply":{"pcsa.role":"web"}}"#),
      resource("hostendpoints", "HostEndpoint", "node-1-auto-hep", #"{"node":"node-1","interfaceName":"*"}"#),
    ]
    + nodes.flatMap { node, address in
      [
        resource(
          "nodes", "Node", node,
          #"{"bgp":{"ipv4Address":"\#(address)/24","ipv4IPIPTunnelAddr":"192.168.7.1"}}"#),
        resource(
          "felixconfigurations", "FelixConfiguration", "node.\(node)",
          #"{"defaultEndpointToHostAction":"Return"}"#),
        // A single dash separates the parts of the name; dashes within a part are doubled.
        resource(
          "workloadendpoints", "WorkloadEndpoint",
          "shop/\(node.doublingDashes)-k8s-web--\(node.doublingDashes)-eth0",
          #"{"orchestrator":"k8s","node":"\#(node)","pod":"web-\#(node)","ipNetworks":["192.168.7.10/32"]}"#),
      ]
    }

  private static let ipam: [(key: String, value: String)] =
    [
      ("/calico/ipam/v2/config", #"{"strict_affinity":false,"auto_allocate_blocks":true}"#),
      (
        "/calico/ipam/v2/assignment/ipv4/block/192.168.7.0-26",
        #"{"cidr":"192.168.7.0/26","affinity":"host:node-1","strictAffinity":false,"allocations":[0,null],"unallocated":[1]}"#
      ),
    ]
    + nodes.flatMap { node, _ in
      [
        ("/calico/ipam/v2/host/\(node)/ipv4/block/192.168.7.0-26", #"{"state":"confirmed"}"#),
        (
          "/calico/ipam/v2/handle/ipip-tunnel-addr-\(node)",
          #"{"handleID":"ipip-tunnel-addr-\#(node)","block":{"192.168.7.0/26":1}}"#
        ),
      ]
    }

  private static let felix: [(key: String, value: String)] = nodes.map { node, _ in
    (
      "/calico/felix/v2/no-region/host/\(node)/last_reported_status",
      #"{"time":"2026-11-24T00:00:00Z","uptime":12}"#
    )
  }

  private static let kubernetes = [
    (key: "/registry/secrets/kube-system/bootstrap-token", value: "k8s\u{0}a secret of Kubernetes"),
    (key: "/registry/pods/shop/web", value: "k8s\u{0}a pod"),
    (key: "/registry/configmaps/kube-system/kubeadm-config", value: "k8s\u{0}a configuration"),
  ]

  private static func resource(_ plural: String, _ kind: String, _ name: String, _ spec: String) -> (
    key: String, value: String
  ) {
    let metadata = name.split(separator: "/").last.map(String.init) ?? name
    return (
      "/calico/resources/v3/projectcalico.org/\(plural)/\(name)",
      #"{"kind":"\#(kind)","apiVersion":"projectcalico.org/v3","metadata":{"name":"\#(metadata)"},"spec":\#(spec)}"#
    )
  }
}

extension String {
  fileprivate var doublingDashes: String {
    split(separator: "-", omittingEmptySubsequences: false).joined(separator: "--")
  }
}
