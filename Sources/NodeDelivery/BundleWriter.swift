import Files

/// A file of a bundle: its path inside the bundle's folder, its content and its mode.
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

/// Writes the files of a bundle: only those that differ, each whole or not at all, in folders for the owner alone.
///
/// What it wrote is listed in `SHA256SUMS` of the folder. So the next bundle knows what is no longer part of it, such as
/// the files of a node that is gone, and whether somebody has changed it since.
///
/// A bundle can be made again, so nothing waits for the disk: the files of 5,000 nodes would take minutes and not seconds.
package struct BundleWriter {
  package let folder: String
  package private(set) var written = 0
  package private(set) var unchanged = 0
  private var made: Set<String> = []
  /// The checksums of the files of this bundle, and of the one before it.
  private var sums: [String: String] = [:]
  private let before: [String: String]

  /// Makes the folder with mode 0700 if need be.
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

  /// What an earlier bundle wrote here that is no part of this one.
  package struct Leftovers: Hashable, Sendable {
    /// As they were written; they stay.
    package var kept: [String] = []
    /// As they were written; they were removed.
    package var removed: [String] = []
    /// Somebody has changed them: they are not the bundle's to remove.
    package var changed: [String] = []
  }

  /// Ends a bundle, once all its files are written: writes the list of them.
  /// - Parameter removing: Whether leftovers go, which are known by the list and by their checksums.
  /// - Returns: relative paths.
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

  /// A file of the list, unless its path leads out of the folder.
  private func contents(_ path: String) throws -> [UInt8]? {
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    guard names.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }) else { return nil }
    return try? FileContents.read("\(folder)/\(path)")
  }

  /// Paths by the topmost folders that hold nothing of this bundle: a node's files by the node's folder.
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
