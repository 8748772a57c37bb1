import Files
import Reconciliation
import Terminal
import Text

extension SavedPlan {
  /// - Throws: `FileError`, ``SavedPlanRefusal``.
  static func read(_ path: String) throws -> SavedPlan {
    let bytes = try FileContents.read(StandardInput.path(path, as: "the plan"), limit: mostBytes)
    if !isOne(bytes), String(decoding: bytes, as: UTF8.self).contains("kind: Segmentation") {
      throw CommandError(
        "'\(path)' is a segmentation file, not a plan",
        hint: "bulkhead apply --file \(ShellWord.bash(Array(path.utf8)))")
    }
    return try SavedPlan(bytes)
  }

  /// Writes the plan with mode 0644: it contains no secret.
  /// - Throws: ``CommandError`` if the file exists and is no plan; `FileError`.
  func write(to path: String) throws {
    if let existing = try FileContents.readIfPresent(path, limit: Self.mostBytes), !Self.isOne(existing) {
      throw CommandError(
        "the plan is not written: '\(path)' exists and is not a plan", hint: "name another file")
    }
    try AtomicFile.write(try bytes, to: path, mode: 0o644)
  }
}
