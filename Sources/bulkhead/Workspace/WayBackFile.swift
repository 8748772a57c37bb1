import Etcd
import Files
import FoundationEssentials
import Reconciliation
import Segmentation
import Terminal

/// The note of the temporary administrator that exists while `apply` turns authentication on: `way-back.json` in the
/// authority's folder, with mode 0600.
struct WayBackFile: Sendable {
  private static let name = "way-back.json"
  private let folder: String

  init(_ workspace: Workspace) { folder = workspace.authority }

  var path: String { "\(folder)/\(Self.name)" }

  var keeper: WayBackKeeper {
    WayBackKeeper(
      keep: { wayBack in
        try Directory.create(folder)
        try AtomicFile.write(Array(JSONEncoder().encode(wayBack)), to: path, mode: 0o600)
      }, forget: { try remove() })
  }

  /// The note that a killed process left; nil if there is none.
  func read() throws -> WayBack? {
    guard try FileContents.readRegularIfPresent(path) != nil else { return nil }
    return try JSONDecoder().decode(WayBack.self, from: Data(FileContents.readSecret(path)))
  }

  func remove() throws {
    if try FileContents.readRegularIfPresent(path) != nil { try Directory.removeFile(Self.name, in: folder) }
  }

  /// Turns authentication off if a killed process has turned it on and the administrator's certificate does not work.
  func recover(_ workspace: Workspace, timeout: Duration) async throws {
    guard let wayBack = try read() else { return }
    let administrator = try workspace.administrator
    let isOff = try await EtcdClient.connect(
      to: workspace.file.etcd.endpoints, as: administrator, timeout: timeout
    ) { etcd in
      try await EnableAuth(etcd, as: administrator).recover(with: wayBack)
    }
    try remove()
    if isOff {
      Console.note(
        "note: an apply that was killed had turned authentication on, and the administrator's certificate did not work: authentication is off again"
      )
    }
  }
}
