import Errors
import Segmentation

/// Writes a bundle for several hosts into a folder.
package struct BundleRun: Sendable {
  let bundle: HostBundle
  /// The sites that get files.
  package let sites: [Site]

  /// The people whose keys only root can read, because their names are no names of accounts.
  package var unreadable: [String] {
    bundle.layout.readers.unreadable(among: sites.flatMap(\.residents).map(\.identity))
  }

  /// - Throws: ``BundleRefusal`` if two sites would have the same folder, or if a user's folder would have the path of
  ///   another file on the hosts.
  package init(_ bundle: HostBundle, for sites: [Site]) throws(BundleRefusal) {
    var names: Set<String> = []
    if let site = sites.first(where: { !names.insert($0.fileName).inserted }) {
      throw .sameName(site.name)
    }
    let residents = sites.flatMap(\.residents)
    if let resident = residents.first(where: { $0.program == nil && Self.isTaken($0.folder) }) {
      throw .nameOfFile(resident.identity.user)
    }
    self.bundle = bundle
    self.sites = bundle.served(sites)
  }

  /// Whether a file or folder of Bulkhead has this name beside the folders of the users: scripts of the Ansible role,
  /// what ``AgentUnit`` and ``CloudConfig`` write.
  private static func isTaken(_ name: String) -> Bool {
    ["put", "credential", "credentials", "settings", "etcd-ca.crt", "agent.yaml"].contains(name)
      || (name.hasPrefix("agent-") && name.hasSuffix(".yaml"))
  }

  /// What was written, and what an earlier bundle wrote that this one does not have.
  package struct Outcome: Sendable {
    package let written: Int
    package let unchanged: Int
    /// Files that were removed and that were left: how many of each site.
    package let removed: [String]
    package let left: [String]
    /// Files that were left because they are not as they were written.
    package let changed: [String]
  }

  /// Writes only files that differ.
  /// - Parameters:
  ///   - folder: Created with mode 0700 if needed.
  ///   - prune: Whether files of an earlier bundle that this one does not have are removed.
  ///   - material: The credential of an identity; called if the form contains keys.
  ///   - password: The password of a user whose settings are written.
  ///   - progress: Called with the number of sites that are written.
  /// - Throws: What `material` and `password` throw, or `FileError`.
  package func write(
    to folder: String, prune: Bool, material: (Site.Resident) throws -> CredentialMaterial,
    password: (String) throws -> String, progress: (Int) -> Void = { _ in }
  ) throws -> Outcome {
    var writer = try BundleWriter(folder)
    for file in bundle.files(for: sites) { try writer.write(file) }
    for (index, site) in sites.enumerated() {
      for file in try bundle.files(for: site, material: material, password: password) {
        try writer.write(file)
      }
      progress(index + 1)
    }
    let leftovers = try writer.finish(removing: prune)
    return Outcome(
      written: writer.written, unchanged: writer.unchanged, removed: writer.summary(of: leftovers.removed),
      left: writer.summary(of: leftovers.kept), changed: leftovers.changed)
  }
}

/// Why a bundle is not written.
package enum BundleRefusal: ExplainedError, Hashable {
  /// A node and a program or user have this name.
  case sameName(String)
  /// A user has the name of a file in the folder of all credentials.
  case nameOfFile(String)
  /// A further file has the path of another one.
  case samePath(String)

  package var description: String {
    switch self {
    case .sameName(let name): "a node and a program have the same name '\(name)'"
    case .nameOfFile(let user):
      "the user '\(user)' has the name of a file that Bulkhead puts beside the users' folders"
    case .samePath(let path): "\(path) is given with --add, and the bundle has another file for this path"
    }
  }

  package var hint: String? {
    switch self {
    case .sameName, .nameOfFile: "rename the user in the file"
    case .samePath: "give each path once, and none that Bulkhead writes itself"
    }
  }
}
