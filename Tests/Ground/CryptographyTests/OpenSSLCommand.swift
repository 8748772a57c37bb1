import Foundation
import Testing

/// The `openssl` command: the second opinion on everything that is read and written here.
enum OpenSSLCommand {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")
  static let isMissing: Comment = "there is no /usr/bin/openssl here"

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs `openssl` and returns what it printed.
  /// - Throws: ``Failure`` if it does not exit with 0.
  @discardableResult
  static func run(_ arguments: String...) throws -> String { try run(arguments) }

  @discardableResult
  static func run(_ arguments: [String]) throws -> String {
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

/// A folder for each test, removed after it: Swift Testing makes an instance of the suite for each.
class FolderSuite {
  let folder = NSTemporaryDirectory() + "bulkhead-cryptography-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Writes a file and returns its path.
  @discardableResult
  func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @discardableResult
  func file(_ name: String, _ text: String) throws -> String { try file(name, text.utf8) }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }
}

/// Bytes of hexadecimal digits; white space is passed over.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }
  return stride(from: 0, to: digits.count, by: 2).compactMap {
    UInt8(digits.dropFirst($0).prefix(2), radix: 16)
  }
}
