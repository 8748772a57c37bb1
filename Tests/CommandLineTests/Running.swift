import Certificates
import Files
import Foundation
import TestSupport

/// The built program, running until it is stopped.
final class Running: Sendable {
  let process: Process
  private let log: String

  /// - Parameter environment: Added to the environment of the test.
  init(_ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
    log = "\(folder)/\(arguments.first ?? "").log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.runHearingSignals()
  }

  /// `bulkhead agent` with this file.
  convenience init(
    agent configuration: String, in folder: String, environment: [String: String] = [:]
  ) throws {
    try AtomicFile.write(Array(configuration.utf8), to: folder + "/agent.yaml")
    try self.init(["agent", "--config", folder + "/agent.yaml"], in: folder, environment: environment)
  }

  var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Sends SIGTERM and waits until the process has ended.
  func end() async throws -> Int32 {
    send(SIGTERM)
    try await wait { !self.process.isRunning }
    return process.terminationStatus
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
}

/// Waits until a condition is true; a busy machine may take long.
/// - Parameter program: The program whose log explains why it never became true.
func wait(for program: Running? = nil, _ isSo: () throws -> Bool) async throws {
  for _ in 0..<600 {
    if try isSo() { return }
    try await Task.sleep(for: .milliseconds(100))
  }
  throw NeverHappened(log: program?.output)
}

struct NeverHappened: Error { let log: String? }

/// A key and certificate, read as clients read them.
/// - Throws: If they do not belong together.
func pair(in directory: String) throws -> Credential {
  try Credential(
    certificatePEM: FileContents.readText(directory + "/etcd-cert"),
    key: PrivateKey(pem: FileContents.readText(directory + "/etcd-key")), source: directory)
}
