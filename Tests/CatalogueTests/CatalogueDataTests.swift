import Catalogue
import Foundation
import Keyspace
import Testing

@Suite struct CatalogueDataTests {
  @Test func `the catalogue has every component, in the order of the tables`() throws {
    #expect(
      try catalogue().components.map(\.name) == [
        "calico-node", "felix", "cni-plugin", "kube-controllers", "typha", "calicoctl-read-only",
        "calicoctl-policy-editor", "calicoctl-full", "neutron-driver", "dhcp-agent", "flannel",
        "kube-apiserver",
        "calico",
      ])
    #expect(try catalogue()["no-such"] == nil)
  }

  @Test func `each data file is compiled in under the name of its component`() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Catalogue/Data").standardizedFileURL
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".yaml")
    }
    let names = try catalogue().components.map { $0.name + ".yaml" }
    #expect(Set(files) == Set(names + ["features.yaml", "seen.yaml"]))
    for name in names {
      let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
      #expect(
        text.contains("\ncomponent: \(name.dropLast(5))\n")
          || text.hasPrefix("component: \(name.dropLast(5))\n"))
    }
  }

  @Test func `every corrected entry says why, where from, and what happens without it`() throws {
    for component in try catalogue().components {
      #expect(!component.corrected.isEmpty)
      for entry in component.corrected {
        #expect(entry.why.count > 10 && entry.source.count > 10, "\(component.name) \(entry.pattern)")
        #expect((entry.without?.count ?? 0) > 10, "\(component.name) \(entry.pattern)")
        for sentence in [entry.why, entry.without ?? "", entry.nodeScope?.why ?? ""] {
          #expect(!sentence.hasSuffix("."), "\(sentence)")
        }
      }
    }
  }

  @Test(arguments: releases)
  func `programs that write through libcalico may also read, as it compares first`(release: String)
    throws
  {
    let all = try catalogue()
    for features in [[], Set(all.features.map(\.name))] {
      // The Neutron driver has its own client, with plain puts and deletions.
      for name in all.components.map(\.name) where name != "neutron-driver" {
        let whole = try permissions(name, release, features)
        #expect(whole.writable.subtracting(whole.readable).isEmpty, "\(name)")
        let node = try permissions(name, on: "n1", release, features)
        #expect(node.writable.subtracting(node.readable).isEmpty, "\(name)")
      }
    }
  }

  @Test func `no table has a duplicate entry for one release and feature`() throws {
    let all = try catalogue()
    for component in all.components {
      for release in releases {
        let grants = component.grants(.corrected, for: try installation(release)).map(\.grant)
        #expect(Set(grants).count == grants.count, "\(component.name) \(release)")
      }
    }
  }

  @Test func `every feature changes the grants or roles of some component in some release`() throws {
    let all = try catalogue()
    for feature in all.features.map(\.name) {
      let matters = try all.components.contains { component in
        try releases.contains { release in
          let (with, without) = (try installation(release, [feature]), try installation(release))
          return component.grants(.corrected, for: with) != component.grants(.corrected, for: without)
            || component.roles(.corrected, for: with) != component.roles(.corrected, for: without)
        }
      }
      #expect(matters, "\(feature)")
    }
  }

  @Test func `a seed spares writes that are needed without it`() throws {
    for component in try catalogue().components {
      for release in releases {
        for seed in component.seeds(for: try installation(release)) {
          for key in seed.spares {
            let features: Set = component.name == "felix" ? ["kubevirt"] : []
            let needed = try permissions(component.name, on: "n1", release, features)
            let seeded = try permissions(component.name, on: "n1", release, features.union([Seed.feature]))
            #expect(needed.allow(.readwrite, key), "\(component.name) \(release) \(key)")
            #expect(
              !seeded.allow(.write, key) && seeded.allow(.read, key), "\(component.name) \(release) \(key)")
          }
        }
      }
    }
  }

  @Test func `what a seeded component no longer writes is among the seeds`() throws {
    for component in try catalogue().components {
      for release in releases {
        let features: Set = ["kubevirt"]
        let lost = try permissions(component.name, on: "n1", release, features).writable
          .subtracting(
            permissions(component.name, on: "n1", release, features.union([Seed.feature])).writable)
        let spared = component.seeds(for: try installation(release)).flatMap(\.spares)
        #expect(lost == KeyRangeSet(spared.map { .key($0) }), "\(component.name) \(release)")
      }
    }
  }

  @Test func `every range is within the keys of its owner`() throws {
    let features = Set(try catalogue().features.map(\.name))
    for component in try catalogue().components {
      for grant in component.grants(.corrected, for: try installation("v3.32", features)).map(\.grant) {
        let homes = ["/calico/", "/registry/", "/coreos.com/network/"].map { KeyRange.prefix(Key($0)) }
        let home = homes.contains { $0.contains(grant.range) } || grant.range == .key("compact_rev_key")
        #expect(home, "\(component.name) \(grant)")
      }
    }
  }
}
