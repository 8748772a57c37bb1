import Files
import Reconciliation
import Terminal

extension SavedPlan {
  /// - Throws: `FileError`, ``SavedPlanRefusal``.
  static func read(_ path: String) throws -> SavedPlan {
    try SavedPlan(FileContents.read(path, limit: mostBytes))
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
