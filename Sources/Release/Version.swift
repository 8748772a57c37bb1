/// The release of this program: the one place where it is written. The tests compare it with CHANGELOG.md,
/// Documentation/stability.md and the examples.
package enum Version {
  package static let current = "0.2.0"
}
