import Foundation
import TestSupport
import ThrowawayEtcd

/// The built program, run as users run it.
enum Program {
  struct Outcome {
    let code: Int32
    let out: String
    let error: String
    var all: String { out + error }
  }

  /// The executable that `BULKHEAD_EXECUTABLE` names, such as a release build, or else the one beside this test bundle;
  /// `bulkhead-agent` is in the same folder.
  static let path =
    ProcessInfo.processInfo.environment["BULKHEAD_EXECUTABLE"]
    ?? URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("bulkhead").path

  /// The root of the package.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  static func bulkhead(
    _ arguments: String..., in folder: String, input: String? = nil, environment: [String: String] = [:]
  ) throws -> Outcome {
    try run(path, arguments, in: folder, input: input, environment: environment)
  }

  static func run(
    _ program: String, _ arguments: [String], in folder: String, input: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    // Files instead of pipes: a full pipe would block the program while it is not read.
    let scratch = try TemporaryFolder()
    let files = FileManager.default
    for name in ["out", "error"] { _ = files.createFile(atPath: scratch.path + "/" + name, contents: nil) }
    try (input ?? "").write(toFile: scratch.path + "/in", atomically: false, encoding: .utf8)
    process.standardInput = FileHandle(forReadingAtPath: scratch.path + "/in")
    process.standardOutput = FileHandle(forWritingAtPath: scratch.path + "/out")
    process.standardError = FileHandle(forWritingAtPath: scratch.path + "/error")
    try process.runHearingSignals()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus,
      out: try String(contentsOfFile: scratch.path + "/out", encoding: .utf8),
      error: try String(contentsOfFile: scratch.path + "/error", encoding: .utf8))
  }

  /// What the releases of the tests have, so that verify shows it open: it is accepted.
  static let accepted = ["CVE-2026-33343", "CVE-2026-33413", "GHSA-xg4h-6gfc-h4m8"].flatMap {
    ["--accept", $0]
  }
}
