import Cryptography
import FoundationEssentials
import Text

/// A JSON file that is read byte for byte as it was written, or not at all: its kind, its format, its content, and a
/// digest of these. Everyone can compute the digest, so it is no signature.
struct DigestedFile<Content: Codable>: Codable {
  let kind: String
  let format: Int
  let content: Content
  /// SHA-256 of the file with an empty digest, in hexadecimal.
  private(set) var digest = ""

  init(kind: String, format: Int, _ content: Content) {
    self.kind = kind
    self.format = format
    self.content = content
  }

  /// The bytes of the file.
  var bytes: [UInt8] {
    get throws {
      var file = self
      file.digest = ""
      file.digest = SHA256.hash(try file.plainBytes).hexadecimal
      return try file.plainBytes
    }
  }

  private var plainBytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      encoder.dateEncodingStrategy = .iso8601
      return Array(try encoder.encode(self)) + [0x0a]
    }
  }

  /// - Throws: ``DigestedFileFault``.
  static func read(_ bytes: [UInt8], kind: String, format: Int) throws(DigestedFileFault) -> Content {
    guard let head = DigestedFileHead(bytes), head.kind == kind else { throw .otherKind }
    guard head.format == format else { throw .otherFormat(head.format) }
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let file = try? decoder.decode(Self.self, from: Data(bytes)), let written = try? file.bytes,
      written == bytes
    else { throw .changed }
    return file.content
  }
}

/// The beginning of such a file, of any format.
struct DigestedFileHead: Decodable {
  let kind: String?
  let format: Int?

  /// - Returns: nil if the bytes are no JSON object.
  init?(_ bytes: [UInt8]) {
    guard let head = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
    self = head
  }
}

/// Why such a file is not read.
enum DigestedFileFault: Error, Hashable {
  case otherKind
  case otherFormat(Int?)
  /// It is not byte for byte as it was written.
  case changed
}
