import Cryptography
import Foundation
import Network
import Synchronization
import TestCertificates
import TestSupport

/// Sends back what it receives, and closes when its peer does.
final class Echo: ConnectionHandler {
  private let note: @Sendable (NetworkError?) -> Void

  init(closed note: @escaping @Sendable (NetworkError?) -> Void = { _ in }) { self.note = note }

  func opened(_ connection: Connection) {}

  func received(_ bytes: RawSpan, on connection: Connection) {
    connection.write(bytes)
    if !connection.isWritable { connection.pauseReading() }
  }

  func becameWritable(_ connection: Connection) { connection.resumeReading() }

  func closed(_ connection: Connection, because error: NetworkError?) { note(error) }
}

/// A list that several threads append to.
final class Log<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])

  func add(_ value: Value) { values.withLock { $0.append(value) } }
  var all: [Value] { values.withLock { $0 } }
}

/// Runs a test with a loop and stops it afterwards.
func withLoop(_ body: (EventLoop) async throws -> Void) async throws {
  let loop = try EventLoop()
  do { try await body(loop) } catch {
    await loop.stop()
    throw error
  }
  await loop.stop()
}

extension AsyncConnection {
  /// Reads this number of bytes, or fewer at the end.
  func read(exactly count: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count, let more = try await read(upTo: count - bytes.count) { bytes += more }
    return bytes
  }

  func readToEnd() async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let more = try await read() { bytes += more }
    return bytes
  }
}

/// A program that runs beside a test, such as `openssl s_server`.
final class RunningProgram: Sendable {
  private let process: Process
  private let output = Pipe()
  private let text = Mutex("")

  /// - Parameter words: the program, found by PATH, and its arguments.
  init(_ words: [String], input: Pipe? = nil) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.standardOutput = output
    process.standardError = output
    process.standardInput = input ?? FileHandle.nullDevice
    output.fileHandleForReading.readabilityHandler = { [self] handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      text.withLock { $0 += String(decoding: data, as: UTF8.self) }
    }
    try process.run()
  }

  var written: String { text.withLock { $0 } }

  func signal(_ number: Int32) { kill(process.processIdentifier, number) }

  func stop() {
    signal(SIGKILL)
    process.waitUntilExit()
    output.fileHandleForReading.readabilityHandler = nil
  }

  /// Waits until it exits by itself.
  /// - Returns: its output.
  func finish() async throws -> String {
    _ = try await eventually { !process.isRunning }
    // The pipe is read on another thread.
    _ = try await eventually(within: .seconds(5)) { output.fileHandleForReading.readabilityHandler == nil }
    return written
  }
}

/// `openssl s_server -rev`, which answers each line with its reverse.
struct OpenSSLServer {
  let program: RunningProgram
  let port: UInt16
  private let folder: TemporaryFolder

  init(
    _ identity: TLSIdentity, authority: Certificate? = nil, on host: String = "127.0.0.1",
    _ options: [String] = []
  ) async throws {
    folder = try TemporaryFolder()
    try identity.write(certificate: "\(folder.path)/crt", key: "\(folder.path)/key")
    var words = [
      "openssl", "s_server", "-accept", "\(host):0", "-cert", "\(folder.path)/crt", "-key",
      "\(folder.path)/key", "-rev",
    ]
    if let authority {
      try authority.pem().write(toFile: "\(folder.path)/ca", atomically: false, encoding: .utf8)
      words += ["-CAfile", "\(folder.path)/ca"]
    }
    program = try RunningProgram(words + options)
    let program = program
    var port: UInt16?
    _ = try await eventually {
      port = program.written.split(separator: "\n").first { $0.hasPrefix("ACCEPT ") }?.split(separator: ":")
        .last
        .flatMap { UInt16($0) }
      return port != nil
    }
    guard let port else { throw Problem(program.written) }
    self.port = port
  }
}

struct Problem: Error {
  let text: String
  init(_ text: String) { self.text = text }
}
