import Catalogue
import Keyspace
import Testing

let v3 = "/calico/resources/v3/projectcalico.org/"
/// Every release that the catalogue knows.
let releases = (CalicoRelease.known.lowerBound.minor...CalicoRelease.known.upperBound.minor).map {
  "v3.\($0)"
}

func installation(
  _ release: String = "v3.32", _ features: Set<String> = [], region: String? = nil
) throws -> Installation {
  try Installation(release: .known(release), features: features, region: region)
}

/// Parsed once, because the tests use it thousands of times.
private let parsed = Result { try Catalogue.embedded() }

func catalogue() throws -> Catalogue { try parsed.get() }

func component(_ name: String) throws -> Component { try #require(catalogue()[name]) }

/// The permissions of a component's user under one identity for the cluster.
func permissions(
  _ name: String, _ release: String = "v3.32", _ features: Set<String> = [], region: String? = nil,
  form: CatalogueForm = .corrected
) throws -> Permissions {
  Permissions(
    try component(name).grants(form, for: installation(release, features, region: region)).map(\.grant))
}

/// The permissions of a component's user on one node.
func permissions(
  _ name: String, on node: String, _ release: String = "v3.32", _ features: Set<String> = []
) throws -> Permissions {
  let component = try component(name)
  let installation = try installation(release, features)
  let grants =
    component.shared(.corrected, for: installation)
    + (try component.own(.corrected, NodeName(node), for: installation))
  return Permissions(grants.map(\.grant))
}

extension Permissions {
  func reads(_ key: String) -> Bool { allow(.read, Key(key)) }
  func writes(_ key: String) -> Bool { allow(.write, Key(key)) }
  func lists(_ prefix: String) -> Bool { allow(.read, .prefix(Key(prefix))) }
  /// The access that libcalico's Txn needs: compare and read as well as put or delete.
  func changes(_ key: String) -> Bool { allow(.readwrite, Key(key)) }
}
