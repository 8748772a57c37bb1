import Foundation
import Glibc
import Testing

/// The real `sqlite3`, on the other side of the files.
enum SQLiteCommand {
  static let isInstalled = FileManager.default.isExecutableFile(atPath: path)
  static let isMissing: Comment = "there is no /usr/bin/sqlite3 here"
  private static let path = "/usr/bin/sqlite3"

  /// Runs SQL and returns what was printed.
  @discardableResult
  static func run(_ file: String, _ sql: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = [file, sql]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(sql): \(text)")
    return text
  }

  /// A process that has run SQL and keeps the file open, with its locks, until ``kill()``.
  final class Session {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ file: String, _ sql: String) throws {
      process.executableURL = URL(filePath: path)
      process.arguments = [file]
      process.standardInput = input
      process.standardOutput = output
      try process.run()
      try input.fileHandleForWriting.write(contentsOf: Data("\(sql)\nSELECT 'ready';\n".utf8))
      var text = ""
      while !text.contains("ready\n") {
        let data = output.fileHandleForReading.availableData
        try #require(!data.isEmpty, "sqlite3 ended: \(text)")
        text += String(decoding: data, as: UTF8.self)
      }
    }

    func kill() {
      Glibc.kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
    }

    deinit { if process.isRunning { kill() } }
  }
}
