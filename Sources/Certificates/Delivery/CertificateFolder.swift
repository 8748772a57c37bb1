import Files
import FoundationEssentials

/// The certificates in a folder that another program may have written: on a host, or of kubeadm.
package enum CertificateFolder {
  /// An end-entity certificate in a file, with its key if that lies in the same folder.
  package struct Entry: Hashable, Sendable {
    package let path: String
    package let facts: CertificateFacts
    /// The path of its private key; nil if it is not found, or is encrypted.
    package let keyPath: String?
  }

  /// Files that are larger than this are no certificates.
  private static let limit = 256 << 10
  /// How many folders below the given one are entered.
  private static let depth = 4

  /// Reads each file in PEM. A file that is no certificate or key, or that cannot be read, is left out.
  /// - Throws: `FileError` if the folder does not exist or cannot be read.
  /// - Returns: In the order of the paths.
  package static func read(_ directory: String) throws -> [Entry] {
    guard (try? FileManager.default.contentsOfDirectory(atPath: directory)) != nil else {
      throw CertificatesError(
        "the folder \(directory) cannot be read", hint: "check that it exists and is a folder")
    }
    var found: [Entry] = []
    read(directory, depth, into: &found)
    return found.sorted { $0.path < $1.path }
  }

  private static func read(_ directory: String, _ depth: Int, into found: inout [Entry]) {
    let files = FileManager.default
    var certificates: [(path: String, facts: CertificateFacts, text: PEMText)] = []
    var keys: [(path: String, key: PrivateKey)] = []
    for name in (try? files.contentsOfDirectory(atPath: directory))?.sorted() ?? [] {
      let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
      var isDirectory = false
      guard files.fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
      if isDirectory {
        // Kubernetes and AtomicDirectory keep older contents in hidden folders.
        if depth > 0, !name.hasPrefix(".") { read(path, depth - 1, into: &found) }
        continue
      }
      guard let text = try? FileContents.readText(path, limit: limit), text.contains("-----BEGIN ") else {
        continue
      }
      let pem = PEMText(text: text, source: path)
      if let leaf = (try? pem.certificates())?.first {
        let facts = CertificateFacts(leaf)
        if !facts.isAuthority { certificates.append((path, facts, pem)) }
      }
      if let key = try? PrivateKey(pem: text, source: path) { keys.append((path, key)) }
    }
    for (path, facts, text) in certificates {
      let leaf = (try? text.certificates())?.first
      let key = keys.first { key in leaf.map { key.key.belongs(to: $0) } ?? false }
      found.append(Entry(path: path, facts: facts, keyPath: key?.path))
    }
  }
}
