import Cryptography
import Foundation
import Testing

/// Keys and certificates by the `openssl` command, made once for all tests of the process.
struct TestPKI {
  let folder: String

  static let shared = Result { try TestPKI() }

  private init() throws {
    folder =
      FileManager.default.temporaryDirectory.appendingPathComponent("http-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try authority("ca")
    try authority("other")
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"
    try issue("server", by: "ca", names)
    try issue("second", by: "ca", names)
    try issue("elsewhere", by: "ca", "subjectAltName=DNS:elsewhere.example")
    try issue("client", by: "ca", "extendedKeyUsage=clientAuth")
    try issue("stranger", by: "other", "extendedKeyUsage=clientAuth")
  }

  private func authority(_ name: String) throws {
    try openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
      "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).crt")
  }

  private func issue(_ name: String, by authority: String, _ extensions: String) throws {
    try openssl(
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
      "/CN=\(name)", "-keyout", "\(name).key", "-out", "\(name).crt", "-CA", "\(authority).crt", "-CAkey",
      "\(authority).key", "-addext", extensions, "-addext", "basicConstraints=critical,CA:FALSE")
  }

  private func openssl(_ arguments: String...) throws {
    let result = try run("openssl", arguments, in: folder)
    guard result.code == 0 else { throw Failure(text: result.error) }
  }

  struct Failure: Error { let text: String }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func certificates(_ name: String) throws -> [Certificate] {
    try Certificate.all(pem: Array(Data(contentsOf: URL(fileURLWithPath: path("\(name).crt")))))
  }

  func identity(_ name: String) throws -> TLSIdentity {
    let text = Array(try Data(contentsOf: URL(fileURLWithPath: path("\(name).key"))))
    let document = try #require(try PEMDocument.all(in: text).first)
    return TLSIdentity(
      chain: try certificates(name), key: try PrivateKey(der: document.contents, form: .pkcs8))
  }
}

/// The end of a program that was run.
struct Ended: Sendable {
  let code: Int32
  let out: String
  let error: String
}

/// Runs a program and waits for its end, on the caller's thread.
@discardableResult
func run(_ program: String, _ arguments: [String], in folder: String? = nil, input: String = "") throws
  -> Ended
{
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
  let (stdin, out, error) = (Pipe(), Pipe(), Pipe())
  (process.standardInput, process.standardOutput, process.standardError) = (stdin, out, error)
  try process.run()
  try? stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
  try? stdin.fileHandleForWriting.close()
  let reading = DispatchQueue(label: "output")
  nonisolated(unsafe) var errorBytes = Data()
  reading.async { errorBytes = error.fileHandleForReading.readDataToEndOfFile() }
  let bytes = out.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return reading.sync {
    Ended(
      code: process.terminationStatus, out: String(decoding: bytes, as: UTF8.self),
      error: String(decoding: errorBytes, as: UTF8.self))
  }
}

/// Does blocking work on a thread of its own, so that it holds none of Swift's.
func aside<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try work() }) }.start()
  }
}
