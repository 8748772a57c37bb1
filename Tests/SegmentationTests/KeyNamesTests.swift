import Catalogue
import Keyspace
import Testing

@testable import Segmentation

@Suite struct KeyNamesTests {
  @Test(arguments: [
    (KeyRange.prefix("/calico/"), ["all of Calico"]),
    (.prefix(Key(v3)), ["all Calico resources"]),
    (.prefix("/calico/ipam/v2/"), ["all of IPAM"]),
    (.everything, ["every key of etcd"]),
    (.prefix("/registry/"), ["all of Kubernetes"]),
    (.prefix(Key("\(v3)workloadendpoints/")), ["WorkloadEndpoints"]),
    (.key(Key("\(v3)tiers/default")), ["Tiers default"]),
    (.prefix(Key("\(v3)profiles/kns.")), ["Profiles kns.*"]),
    (.key("/calico/ipam/v2/config"), ["the IPAM configuration"]),
    (.prefix("/calico/ipam/v2/host/n1/"), ["IPAM block affinities n1/*"]),
    (.prefix("/registry/secrets/"), ["Kubernetes secrets"]),
    (.key("/registry/leases/x"), ["other keys of Kubernetes"]),
    (.key(Key("\(v3)newkinds/x")), ["other Calico resources"]),
    (.key("/calico/x"), ["other keys of Calico"]),
    (.key("/mine"), ["keys of others"]),
    (KeyRange(from: Key("\(v3)tiers/"), to: Key("\(v3)tiers/m")), ["some Tiers"]),
    (
      KeyRange(from: Key("\(v3)tiers/"), to: Key("\(v3)workloadendpoints0")),
      ["Tiers", "WorkloadEndpoints", "other Calico resources"]
    ),
    (KeyRange(from: "b", to: "a"), []),
  ]) func aRangeIsNamedByWhatLiesInIt(range: KeyRange, names: [String]) {
    #expect(KeyNames.standard.names(in: range) == names)
  }

  @Test func everyRangeOfTheCatalogueHasANameAndAnExample() throws {
    for component in try catalogue().components {
      for release in ["v3.20", "v3.29", "v3.32"] {
        let installation = try Installation(
          release: .known(release), features: Set(try catalogue().features.map(\.name)), region: "one")
        for grant in component.grants(.corrected, for: installation)
          + component.grants(.documented, for: installation)
        {
          let range = grant.grant.range
          let names = KeyNames.standard.names(in: range)
          #expect(!names.isEmpty)
          #expect(!names.contains { $0.hasPrefix("other") || $0.hasPrefix("keys of") }, "\(range): \(names)")
          #expect(try range.contains(#require(KeyNames.standard.witness(in: range))))
        }
      }
    }
  }

  @Test func placesDoNotOverlapAndContainTheirExamples() {
    for (left, right) in zip(KeyNames.standard.places, KeyNames.standard.places.dropFirst()) {
      #expect(left.range.intersection(right.range) == nil, "\(left.name), \(right.name)")
    }
    for place in KeyNames.standard.places { #expect(place.range.contains(place.example), "\(place.name)") }
  }

  @Test func anExampleIsInItsRange() throws {
    for range in [
      KeyRange(from: Key("\(v3)tiers/default").next, to: Key("\(v3)tiers/kube-admin")), .prefix("/a"),
      .key("k"),
      KeyRange(from: "a", to: Key("a").next.next), KeyRange(from: Key([0xff]), to: nil), .prefix(Key([0])),
    ] {
      #expect(try range.contains(#require(KeyNames.standard.witness(in: range))), "\(range)")
    }
    #expect(KeyNames.standard.witness(in: .prefix(Key("\(v3)tiers/"))) == Key("\(v3)tiers/default"))
    #expect(KeyNames.standard.witness(in: KeyRange(from: "b", to: "b")) == nil)
  }
}
