import Keyspace

/// Names for parts of etcd's keyspace, in the terms of Calico and Kubernetes.
///
/// The formats are those of libcalico-go, `lib/backend/model`.
package struct KeyNames: Sendable {
  /// A part of the keyspace that has a name: `Tiers`, `IPAM blocks`.
  package struct Place: Hashable, Sendable {
    /// All keys of the place.
    package let range: KeyRange
    /// What the keys are, in the plural.
    package let name: String
    /// An example of such a key.
    package let example: Key
  }

  /// With the default prefix of Kubernetes' keys.
  package static let standard = KeyNames(kubernetes: .kubernetes)

  /// Every named place, in the order of the keys, without overlaps.
  package let places: [Place]
  /// Names for ranges that consist of exactly several places.
  private let groups: [(range: KeyRange, name: String)]
  /// Names for the keys of a group that are in none of its places, inner groups first.
  private let remainders: [(range: KeyRange, name: String)]
  /// The whole keyspace by name, first the places and then the keys between them, without overlaps.
  package let parts: [(name: String, keys: KeyRangeSet)]

  /// - Parameter kubernetes: What every key of Kubernetes begins with.
  package static func with(kubernetes: Key) -> KeyNames {
    kubernetes == .kubernetes ? standard : KeyNames(kubernetes: kubernetes)
  }

  private init(kubernetes: Key) {
    places = [Self.resources, Self.ipam, Self.others, Self.kubernetes(kubernetes)].flatMap(\.self)
      .sorted { $0.range.lower < $1.range.lower }
    groups = [
      (.everything, "every key of etcd"),
      (.calico, "all of Calico"),
      (.prefix(Key(Self.v3)), "all Calico resources"),
      (.prefix("/calico/ipam/v2/"), "all of IPAM"),
      (.prefix(kubernetes), "all of Kubernetes"),
    ]
    remainders = [
      (.prefix(Key(Self.v3)), "other Calico resources"),
      (.prefix("/calico/ipam/v2/"), "other keys of IPAM"),
      (.calico, "other keys of Calico"),
      (.prefix(kubernetes), "other keys of Kubernetes"),
      (.everything, "keys of others"),
    ]
    var rest = KeyRangeSet([.everything])
    parts = (places.map { ($0.name, $0.range) } + remainders.map { ($0.name, $0.range) }).map { name, range in
      defer { rest = rest.subtracting(KeyRangeSet([range])) }
      return (name, rest.intersection(range))
    }
  }

  /// The names of the places in a range, in the order of the keys; a complete group has one name.
  ///
  /// A single object, or objects with a common prefix, are named with the end of their keys: `Tiers default`,
  /// `Profiles kns.*`.
  package func names(in range: KeyRange) -> [String] {
    guard !range.isEmpty else { return [] }
    if let group = groups.first(where: { $0.range == range }) { return [group.name] }
    var names: [String] = []
    var rest = KeyRangeSet([range])
    for group in groups where range.contains(group.range) && rest.contains(group.range) {
      names.append(group.name)
      rest = rest.subtracting(KeyRangeSet([group.range]))
    }
    for place in places {
      guard let part = rest.ranges.firstNonNil({ $0.intersection(place.range) }) else { continue }
      names.append(Self.name(of: part, in: place))
      rest = rest.subtracting(KeyRangeSet([place.range]))
    }
    for (range, name) in remainders where !rest.intersection(range).isEmpty {
      names.append(name)
      rest = rest.subtracting(KeyRangeSet([range]))
    }
    return names
  }

  /// The names of the places in several ranges, each once.
  package func names(in set: KeyRangeSet) -> [String] {
    var seen: Set<String> = []
    return set.ranges.flatMap(names).filter { seen.insert($0).inserted }
  }

  /// A key of the range that people recognise, if there is one.
  /// - Returns: nil only for an empty range.
  package func witness(in range: KeyRange) -> Key? {
    guard !range.isEmpty else { return nil }
    if let key = range.singleKey { return key }
    if let place = places.first(where: { range.contains($0.example) }) { return place.example }
    // The start of a range is one of its keys, but a key that ends in "/" or in a zero byte is not a name in
    // use.
    let base = Key(range.lower.bytes.last == 0 ? range.lower.bytes.dropLast() : range.lower.bytes[...])
    return ["example", "-example", "0", ""].map { base + Key($0) }.first(where: range.contains) ?? range.lower
  }

  private static func name(of part: KeyRange, in place: Place) -> String {
    guard part != place.range, let prefix = place.range.prefix else { return place.name }
    if let key = part.singleKey {
      let rest = Key(key.bytes.dropFirst(prefix.bytes.count))
      return rest.bytes.isEmpty ? place.name : "\(place.name) \(rest)"
    }
    guard let inner = part.prefix, inner.hasPrefix(prefix) else { return "some \(place.name)" }
    return "\(place.name) \(Key(inner.bytes.dropFirst(prefix.bytes.count)))*"
  }
}

// MARK: - The places

extension KeyNames {
  private static let v3 = "/calico/resources/v3/projectcalico.org/"

  /// Kinds in the plural, as in the key, with an object each (libcalico-go, `lib/backend/model/resource.go`).
  private static let resources: [Place] = [
    ("BGPConfigurations", "default"), ("BGPFilters", "export"), ("BGPPeers", "rack-1"),
    ("BlockAffinities", "node-1-192-168-0-0-26"), ("CalicoNodeStatuses", "node-1"),
    ("ClusterInformations", "default"), ("FelixConfigurations", "default"),
    ("GlobalNetworkPolicies", "deny-egress"), ("GlobalNetworkSets", "office"),
    ("HostEndpoints", "node-1-auto-hep"),
    ("IPAMConfigurations", "default"), ("IPPools", "default-ipv4-ippool"), ("IPReservations", "reserved"),
    ("KubeControllersConfigurations", "default"), ("LiveMigrations", "default/vm"),
    ("NetworkPolicies", "default/allow-web"), ("NetworkSets", "default/office"), ("Nodes", "node-1"),
    ("Profiles", "kns.default"), ("StagedGlobalNetworkPolicies", "deny-egress"),
    ("StagedKubernetesNetworkPolicies", "default/allow-web"), ("StagedNetworkPolicies", "default/allow-web"),
    ("Tiers", "default"), ("WorkloadEndpoints", "default/node--1-k8s-web-eth0"),
  ].map { kind, example in place(Key("\(v3)\(kind.lowercased())/"), kind, example) }

  private static let ipam: [Place] = [
    place("/calico/ipam/v2/assignment/", "IPAM blocks", "ipv4/block/192.168.0.0-26"),
    place("/calico/ipam/v2/handle/", "IPAM handles", "ipip-tunnel-addr-node-1"),
    place("/calico/ipam/v2/host/", "IPAM block affinities", "node-1/ipv4/block/192.168.0.0-26"),
    place(
      "/calico/ipam/v2/virtual/", "IPAM affinities of load balancers", "load-balancer/ipv4/block/10.0.0.0-26"),
    Place(
      range: .key("/calico/ipam/v2/config"), name: "the IPAM configuration", example: "/calico/ipam/v2/config"
    ),
  ]

  private static let others: [Place] = [
    place("/calico/felix/v1/", "status of host endpoints", "host/node-1/endpoint/eth0"),
    place("/calico/felix/v2/", "status of Felix and of workload endpoints", "no-region/host/node-1/status"),
    place("/calico/dhcp/", "OpenStack subnets", "v2/no-region/subnet/a"),
    place("/calico/openstack/", "OpenStack elections", "v2/no-region/neutron_election"),
    place("/calico/compaction/", "OpenStack compaction", "v1/trigger"),
    place(.bulkhead, "Bulkhead's own record", "v1/record"),
    place("/coreos.com/network/", "flannel's network", "config"),
    Place(range: .key("compact_rev_key"), name: "the compactor's place", example: "compact_rev_key"),
  ]

  private static func kubernetes(_ prefix: Key) -> [Place] {
    [
      place(prefix + "secrets/", "Kubernetes secrets", "kube-system/bootstrap-token"),
      place(prefix + "serviceaccounts/", "Kubernetes service accounts", "default/default"),
      place(prefix + "configmaps/", "Kubernetes config maps", "kube-system/kubeadm-config"),
      place(prefix + "clusterrolebindings/", "Kubernetes cluster role bindings", "cluster-admin"),
      place(prefix + "pods/", "Kubernetes pods", "default/web"),
    ]
  }

  private static func place(_ prefix: Key, _ name: String, _ example: String) -> Place {
    Place(range: .prefix(prefix), name: name, example: prefix + Key(example))
  }
}

extension Sequence {
  package func firstNonNil<Result>(_ transform: (Element) -> Result?) -> Result? {
    for element in self { if let result = transform(element) { return result } }
    return nil
  }
}
