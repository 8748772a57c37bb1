internal import CLibyaml

/// The libyaml that the process uses, which may be newer than the one it was built with.
package enum Libyaml {
  /// As in `0.2.5`.
  package static var version: String { yaml_get_version_string().map { String(cString: $0) } ?? "unknown" }
}
