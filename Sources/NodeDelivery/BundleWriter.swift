import Files

/// A file of a bundle: its path inside the bundle's folder, its content and its mode.
public struct BundleFile: Hashable, Sendable {
  public let path: String
  public let bytes: [UInt8]
  public let mode: UInt32

  public init(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o600) {
    self.path = path
    self.bytes = bytes
    self.mode = mode
  }

  public init(_ path: String, _ text: String, mode: UInt32 = 0o600) {
    self.init(path, Array(text.utf8), mode: mode)
  }
}

/// Writes the files of a bundle: only those that differ, each whole or not at all, in folders for the owner alone.
///
/// A bundle can be made again, so nothing waits for the disk: the files of 5,000 nodes would take minutes and not seconds.
public struct BundleWriter {
  public let folder: String
  public private(set) var written = 0
  public private(set) var unchanged = 0
  private var made: Set<String> = []

  /// Makes the folder with mode 0700 if need be.
  /// - Throws: `FileError`.
  public init(_ folder: String) throws {
    self.folder = folder
    try Directory.create(folder, mode: 0o700)
  }

  /// - Throws: `FileError`.
  public mutating func write(_ file: BundleFile) throws {
    let path = "\(folder)/\(file.path)"
    guard let slash = path.lastIndex(of: "/") else { return }
    let parent = String(path[..<slash])
    if made.insert(parent).inserted { try Directory.create(parent, mode: 0o700) }
    let new = NewFile(name: String(path[path.index(after: slash)...]), bytes: file.bytes, mode: file.mode)
    if try AtomicFile.write([new], in: parent, durably: false) { written += 1 } else { unchanged += 1 }
  }
}
