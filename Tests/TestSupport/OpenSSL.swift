import Foundation
import Testing

/// The `openssl` command: a second opinion on what is read and written.
package enum OpenSSL {
  package static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
  package static let isMissing: Comment = "there is no /usr/bin/openssl here"

  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// Runs `openssl` and returns what it printed.
  /// - Throws: ``Failure`` if its exit code is not 0.
  @discardableResult
  package static func run(_ arguments: String...) throws -> String { try run(arguments) }

  @discardableResult
  package static func run(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failure(description: "openssl \(arguments): \(text)") }
    return text
  }
}
