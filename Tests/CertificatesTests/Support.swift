import Foundation
import Glibc
import Testing

@testable import Certificates

/// A suite in which each test has its own directory, which is removed after the test: Swift Testing makes an
/// instance for each test.
class TemporaryDirectorySuite {
  let directory = NSTemporaryDirectory() + "bulkhead-certificates-" + UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  /// Writes a file in the test's directory and returns its path.
  @discardableResult
  func file(_ name: String, _ text: String) throws -> String {
    let path = "\(directory)/\(name)"
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    return path
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(directory)/\(name)", encoding: .utf8)
  }
}

func mode(of path: String) -> mode_t? {
  var status = stat()
  return lstat(path, &status) == 0 ? status.st_mode & 0o7777 : nil
}

extension Duration {
  static func days(_ days: Int) -> Duration { .seconds(days * 86_400) }
}

extension Date {
  static func - (date: Date, duration: Duration) -> Date { date - TimeInterval(duration.components.seconds) }
  static func + (date: Date, duration: Duration) -> Date { date + TimeInterval(duration.components.seconds) }
}

extension Authority {
  static func forTests(now: Date = Date()) throws -> Authority {
    try create(name: "bulkhead test authority", lifetime: .days(3650), now: now)
  }
}

/// The bytes of a PEM text with one document.
func bytes(ofPEM text: String) -> [UInt8]? {
  let lines = text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }
  return Data(base64Encoded: lines.joined()).map(Array.init)
}

/// The message of a ``CertificatesError``, after a check of the form that all of them have.
func message(_ error: CertificatesError?) -> String {
  guard let error else { return "" }
  #expect(error.message.last != ".")
  #expect(error.message.first?.isUppercase == false)
  #expect(error.hint?.isEmpty == false)
  return error.message
}
