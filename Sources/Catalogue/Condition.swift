/// The installations for which an entry of the catalogue applies.
package struct Condition: Hashable, Sendable {
  /// The first release; nil for the first known one.
  package let since: CalicoRelease?
  /// The last release; nil for the last known one.
  package let until: CalicoRelease?
  /// The feature that must be in use.
  package let feature: String?
  /// The feature that must not be in use.
  package let unless: String?

  package init(
    since: CalicoRelease? = nil, until: CalicoRelease? = nil, feature: String? = nil, unless: String? = nil
  ) {
    self.since = since
    self.until = until
    self.feature = feature
    self.unless = unless
  }

  package static let always = Condition()

  /// Whether the entry applies to the release, whatever its features.
  func holds(for release: CalicoRelease) -> Bool {
    (since.map { $0 <= release } ?? true) && (until.map { release <= $0 } ?? true)
  }

  /// Whether the entry applies to the installation.
  package func holds(for installation: Installation) -> Bool {
    holds(for: installation.release)
      && (feature.map(installation.features.contains) ?? true)
      && !(unless.map(installation.features.contains) ?? false)
  }
}

extension Condition: CustomStringConvertible {
  /// For example `v3.24 to v3.32, unless seeded`; empty if it always holds.
  package var description: String {
    let releases: String? =
      switch (since, until) {
      case (nil, nil): nil
      case (let since?, nil): "since \(since)"
      case (nil, let until?): "until \(until)"
      case (let since?, let until?): since == until ? "\(since) only" : "\(since) to \(until)"
      }
    return [releases, feature.map { "with \($0)" }, unless.map { "unless \($0)" }]
      .compactMap { $0 }.joined(separator: ", ")
  }
}
