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

  /// The note that a killed process left; nil without one.
  func read() throws -> WayBack? {
    guard try FileContents.readRegularIfPresent(path) != nil else { return nil }
    return try JSONDecoder().decode(WayBack.self, from: Data(FileContents.readSecret(path)))
  }

  func remove() throws {
    if try FileContents.readRegularIfPresent(path) != nil { try Directory.removeFile(Self.name, in: folder) }
  }

  /// Turns authentication off if a killed process has turned it on and the administrator's certificate does not work; else
  /// deletes the temporary administrator. The note stays as long as that user may exist.
  /// - Returns: Whether authentication was turned off.
  /// - Throws: ``CommandError`` if a member does not say whether it accepts the certificate.
  func recover(_ workspace: Workspace, timeout: Duration) async throws -> Bool {
    guard let wayBack = try read() else { return false }
    let administrator = try workspace.administrator
    let recovery: EnableAuth.Recovery
    do {
      recovery = try await EtcdClient.connect(
        to: workspace.file.etcd.endpoints, as: administrator, timeout: timeout
      ) { etcd in
        try await EnableAuth(etcd, as: administrator).recover(with: wayBack)
      }
    } catch let error as EtcdError {
      throw unfinished("\(error)")
    }
    switch recovery {
    case .unknown(let problem): throw unfinished(problem)
    // The process that holds the lock may have made the note; the next apply looks again.
    case .busy: return false
    case .leftoverDeleted:
      Console.note(
        "note: the temporary administrator \(wayBack.user), which an apply that was killed left, is deleted")
    case .notNeeded, .userIsGone, .turnedOff: break
    }
    // Another process may have made a new one meanwhile.
    if try read() == wayBack { try remove() }
    guard recovery == .turnedOff else { return false }
    Console.note(
      "note: an apply that was killed had turned authentication on, and the administrator's certificate did not work: authentication is off again"
    )
    return true
  }

  private func unfinished(_ problem: String) -> CommandError {
    CommandError(
      "an apply that was killed while it turned authentication on left \(path), and whether each member accepts the "
        + "administrator's certificate is unknown: \(problem)",
      hint:
        "start the members of etcd.endpoints and run 'bulkhead apply' again; the file has the password of the only "
        + "user that may be able to turn authentication off: remove it only if every member accepts the certificate"
    )
  }

  /// - Throws: ``CommandError`` if there is a note: what it leads to was not reviewed.
  func checkReviewed() throws {
    guard try read() != nil else { return }
    throw CommandError(
      "nothing was changed: an apply that turned authentication on still runs or was killed, and left \(path)",
      hint:
        "run 'bulkhead apply' without a plan first, which turns authentication off again if the administrator's "
        + "certificate does not work; then make and review a new plan: 'bulkhead plan --out FILE'")
  }
}
