internal import CNghttp2

/// The nghttp2 that the process uses, which may be newer than the one it was built with.
package enum Nghttp2 {
  /// As in `1.52.0`.
  package static var version: String {
    nghttp2_version(0).map { String(cString: $0.pointee.version_str) } ?? "unknown"
  }
}
