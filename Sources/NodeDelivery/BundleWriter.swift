import Files

/// A file of a bundle: its path relative to the bundle's folder, its content and its mode.
package struct BundleFile: Hashable, Sendable {
  package let path: String
  package let bytes: [UInt8]
  package let mode: UInt32

  package init(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) {
    self.path = path
    self.bytes = bytes
    self.mode = mode
  }

  package init(_ path: String, _ text: String, mode: UInt32 = 0o600) {
    self.init(path, Array(text.utf8), mode: mode)
  }
}

/// Writes the files of a bundle: only those that have changed, each atomically, in folders that only the
/// owner can read.
///
/// `SHA256SUMS` in the folder lists what was written. From it the next run knows which files no longer belong
/// to the bundle, such as those of a removed node, and whether someone has changed them since.
///
/// A bundle can be written again, so no write waits for the disk: with 5,000 nodes that would take minutes
/// instead of seconds.
package struct BundleWriter {
  package let folder: String
  /// How many files were written, and how many had the right content already.
  package private(set) var written = 0
  package private(set) var unchanged = 0
  private var made: Set<String> = []
  /// The checksums of the files of this bundle, by path.
  private var sums: [String: String] = [:]
  private let before: [String: String]

  /// Creates the folder with mode 0700 if it does not exist.
  /// - Throws: `FileError`.
  package init(_ folder: String) throws {
    self.folder = folder
    try Directory.create(folder, mode: 0o700)
    before =
      try FileContents.readIfPresent("\(folder)/\(Checksums.name)", limit: 1 << 30).map {
        Checksums.read(String(decoding: $0, as: UTF8.self))
      } ?? [:]
  }

  /// - Throws: `FileError`.
  package mutating func write(_ file: BundleFile) throws {
    let path = "\(folder)/\(file.path)"
    guard let slash = path.lastIndex(of: "/") else { return }
    let parent = String(path[..<slash])
    if made.insert(parent).inserted { try Directory.create(parent, mode: 0o700) }
    let new = NewFile(name: String(path[path.index(after: slash)...]), bytes: file.bytes, mode: file.mode)
    if try AtomicFile.write([new], in: parent, durably: false) { written += 1 } else { unchanged += 1 }
    sums[file.path] = Checksums.sha256(file.bytes)
  }

  /// Files that an earlier bundle wrote here and that are not part of this one.
  package struct Leftovers: Hashable, Sendable {
    /// Unchanged since they were written; they stay.
    package var kept: [String] = []
    /// Unchanged since they were written; they were removed.
    package var removed: [String] = []
    /// Changed since they were written; they are not removed.
    package var changed: [String] = []
  }

  /// Completes a bundle after all its files are written: writes the list of them.
  /// - Parameter removing: Whether to remove leftovers that are in the list and have the listed checksum.
  /// - Returns: Relative paths.
  /// - Throws: `FileError`.
  package mutating func finish(removing: Bool) throws -> Leftovers {
    var leftovers = Leftovers()
    var listed = sums
    for (path, sum) in before.sorted(by: { $0.key < $1.key }) where sums[path] == nil {
      guard let bytes = try contents(path) else { continue }
      if Checksums.sha256(bytes) != sum {
        leftovers.changed.append(path)
      } else if removing {
        try Directory.removeFile(path, in: folder)
        leftovers.removed.append(path)
        continue
      } else {
        leftovers.kept.append(path)
      }
      listed[path] = sum
    }
    let list = Array(Checksums.text(listed).utf8)
    try AtomicFile.write([NewFile(name: Checksums.name, bytes: list, mode: 0o600)], in: folder)
    return leftovers
  }

  /// The content of a listed file; nil if it cannot be read or its path leads out of the folder.
  private func contents(_ path: String) throws -> [UInt8]? {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
    return try? FileContents.read("\(folder)/\(path)")
  }

  /// Shortens paths to the topmost folders that contain no file of this bundle: all files of a node become
  /// the node's folder.
  package func summary(of paths: [String]) -> [String] {
    guard !paths.isEmpty else { return [] }
    var own: Set<Substring> = []
    for path in sums.keys {
      for slash in path.indices where path[slash] == "/" { own.insert(path[..<slash]) }
    }
    var tops: [String] = []
    for path in paths {
      let folders = path.indices.filter { path[$0] == "/" }.map { path[..<$0] }
      let top = folders.first { !own.contains($0) }.map { "\($0)/" } ?? path
      if tops.last != top { tops.append(top) }
    }
    return tops
  }
}
