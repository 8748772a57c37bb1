import Catalogue
import Keyspace
import Testing

@Suite struct CatalogueComparisonTests {
  private func comparison(_ name: String, _ release: String = "v3.32") throws -> CatalogueComparison {
    try #require(CatalogueComparison(of: component(name), for: installation(release)))
  }

  @Test func `the published cni-plugin lacks reservations and affinities`() throws {
    let missing = try comparison("cni-plugin").missing
    #expect(
      missing.map(\.grant.grant.range.description) == [v3 + "ipreservations/*", v3 + "blockaffinities/*"])
    #expect(missing.allSatisfy { $0.writable.isEmpty && !$0.readable.isEmpty })
    #expect(try comparison("cni-plugin", "v3.20").missing.isEmpty)
    #expect(try comparison("cni-plugin", "v3.21").missing.count == 1)
    #expect(missing.first?.grant.entry.without?.contains("reserved") == true)
  }

  @Test
  func `the published calico-node lacks write access to tiers and the default BGP configuration`()
    throws
  {
    let keys = try comparison("calico-node").missing.map(\.grant.grant.range.description)
    #expect(
      Set(keys)
        == Set(
          [
            "tiers/default", "tiers/kube-admin", "tiers/kube-baseline", "bgpconfigurations/default",
          ]
          .map { v3 + $0 }))
    #expect(try comparison("calico-node", "v3.20").missing.isEmpty)
  }

  @Test func `the published calico-node may write workload endpoints, which is too much`() throws {
    let excessive = try comparison("calico-node").excessive
    let endpoints = try #require(
      excessive.first { $0.grant.grant.range == .prefix(Key(v3 + "workloadendpoints/")) })
    #expect(endpoints.writable == KeyRangeSet([.prefix(Key(v3 + "workloadendpoints/"))]))
    #expect(endpoints.readable.isEmpty)
    let pools = try #require(excessive.first { $0.grant.grant.range == .prefix(Key(v3 + "ippools/")) })
    #expect(!pools.writable.contains(Key(v3 + "ippools/default-ipv4-ippool")))
    #expect(pools.writable.contains(Key(v3 + "ippools/mine")))
  }

  @Test func `everything excessive is explained`() throws {
    for component in try catalogue().components {
      for release in releases {
        let comparison = CatalogueComparison(of: component, for: try installation(release))
        for difference in comparison?.excessive ?? [] {
          #expect(
            difference.grant.entry.excess != nil, "\(component.name) \(release) \(difference.grant.grant)")
        }
      }
    }
  }

  @Test func `published and corrected are the same for the full calicoctl`() throws {
    let comparison = try comparison("calicoctl-full")
    #expect(comparison.missing.isEmpty && comparison.excessive.isEmpty)
  }

  @Test func `without a published table there is nothing to compare`() throws {
    #expect(CatalogueComparison(of: try component("typha"), for: try installation()) == nil)
  }
}
