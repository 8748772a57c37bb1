/// A minor release of Calico. The catalogue does not distinguish patch releases: they read and write the same
/// keys.
package struct CalicoRelease: Hashable, Sendable {
  package let major: Int
  package let minor: Int

  package init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// The releases that the catalogue was checked against. v3.33.0 was released on 1 October 2026; the catalogue was read
  /// from the branch release-v3.33 on 22 August 2026.
  package static let known = CalicoRelease(major: 3, minor: 20)...newest

  /// The newest release of ``known``.
  package static let newest = CalicoRelease(major: 3, minor: 33)

  /// The known release nearest to this one: itself if it is known.
  package var nearestKnown: CalicoRelease { min(max(self, Self.known.lowerBound), Self.known.upperBound) }

  /// Parses a release, and refuses one that the catalogue does not know.
  /// - Parameter assuming: Take the nearest known release instead of refusing.
  /// - Throws: ``CatalogueError``.
  package static func known(_ text: String, assuming: Bool = false) throws(CatalogueError) -> CalicoRelease {
    guard let release = CalicoRelease(text) else {
      throw CatalogueError("\"\(text)\" is not a Calico release", hint: "write it as v3.32 or v3.32.1")
    }
    guard assuming || known.contains(release) else {
      throw CatalogueError(
        "the catalogue does not cover Calico \(release)",
        hint: "the nearest release in the catalogue is \(release.nearestKnown)")
    }
    return release.nearestKnown
  }
}

extension CalicoRelease: Comparable {
  package static func < (left: CalicoRelease, right: CalicoRelease) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}

extension CalicoRelease: CustomStringConvertible {
  package var description: String { "v\(major).\(minor)" }

  /// Parses `v3.32`, `3.32`, `v3.32.1` and `v3.33.0-0.dev`.
  /// - Returns: nil for anything else.
  package init?(_ text: String) {
    let number = text.hasPrefix("v") ? text.dropFirst() : text[...]
    let parts = number.prefix { $0 != "-" && $0 != "+" }
      .split(separator: ".", omittingEmptySubsequences: false)
      .map { part in part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil }
    guard (2...3).contains(parts.count), !parts.contains(nil), let major = parts[0], let minor = parts[1]
    else {
      return nil
    }
    self.init(major: major, minor: minor)
  }
}
