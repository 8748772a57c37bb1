import Catalogue
import Keyspace
import Testing

/// Checks the corrected roles against the requests in Calico's source.
@Suite struct RequestTests {
  let requests: [Request]
  let components: Set<String>

  init() throws {
    requests = try Request.parse(requestTable)
    components = Set(requests.map(\.component))
  }

  @Test(arguments: releases)
  func `every request in a program's source is allowed, for a shared user and for a node's user`(
    release: String
  ) throws {
    #expect(components.count == 8)
    for request in requests {
      let features = Set(request.feature.map { [$0] } ?? [])
      guard request.isSent(in: try installation(release, features)) else { continue }
      let says = "\(request.component) \(release) \(request.access) \(request.range)"
      #expect(
        try permissions(request.component, release, features).allow(request.access, request.range), "\(says)")
      #expect(
        try permissions(request.component, on: "n1", release, features).allow(request.access, request.range),
        "\(says) on its node")
    }
  }

  @Test(arguments: releases)
  func `each grant is used by a request, for each access that it gives`(release: String) throws {
    let features = Set(try catalogue().features.map(\.name))
      .subtracting(["seeded", "apiserver-without-compaction", "openstack-region"])
    let installation = try installation(release, features)
    for name in components {
      let component = try component(name)
      let sent = requests.filter { $0.component == name && $0.isSent(in: installation) }
      let grants =
        component.grants(.corrected, for: installation) + component.shared(.corrected, for: installation)
        + (try component.own(.corrected, NodeName("n1"), for: installation))
      for grant in grants.map(\.grant) {
        for access in [Access.read, .write] where grant.access.contains(access) {
          let isUsed = sent.contains {
            $0.access.contains(access) && $0.range.intersection(grant.range) != nil
          }
          #expect(isUsed, "\(name) \(release) \(access) \(grant.range)")
        }
      }
    }
  }

  @Test func `with a region the keys of before are deleted without being read`() throws {
    let driver = try permissions("neutron-driver", region: "one")
    for prefix in ["workloadendpoints/openstack/", "networkpolicies/openstack/ossg.default."] {
      #expect(driver.allow(.write, .prefix(Key(v3 + prefix))))
      #expect(!driver.allow(.read, .prefix(Key(v3 + prefix))))
    }
  }
}
