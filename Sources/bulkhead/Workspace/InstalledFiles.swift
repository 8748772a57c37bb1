import FoundationEssentials

/// Files that a package or `make install` puts beside the program.
enum InstalledFiles {
  /// The schema of `bulkhead.yaml`, as `PREFIX/share/bulkhead/bulkhead.schema.json`; nil if this program was not
  /// installed with it.
  static var schema: String? {
    // The kernel's link to the executable that runs: https://man7.org/linux/man-pages/man5/proc_pid_exe.5.html
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"),
      case let parts = program.split(separator: "/"), parts.suffix(2).first == "bin"
    else { return nil }
    let path =
      "/" + (parts.dropLast(2) + ["share", "bulkhead", "bulkhead.schema.json"]).joined(separator: "/")
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }
}
