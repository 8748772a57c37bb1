import Dispatch
import Foundation

/// Runs a program of this machine to its end.
enum Command {
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String]
  ) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      // Not on one of the few threads that run tasks: the test's own client may need these meanwhile.
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try runAndWait(program, arguments, environment: environment) })
      }
    }
  }

  private static func runAndWait(
    _ program: String, _ arguments: [String], environment: [String: String]
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/timeout")
    process.arguments = ["--signal=KILL", "30", program] + arguments
    process.environment = environment
    let pipe = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandFailure("\(program) \(arguments.joined(separator: " ")): \(output)")
    }
    return output
  }
}

package struct CommandFailure: Error, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}
