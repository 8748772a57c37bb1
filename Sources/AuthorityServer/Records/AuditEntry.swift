import FoundationEssentials

/// A decision of the server: one line of the audit log.
package struct AuditEntry: Codable, Hashable, Sendable {
  package enum Decision: String, Codable, Sendable {
    case issued, renewed, refused
    /// The server has opened the file.
    case opened
  }

  package let time: Date
  package var decision: Decision
  /// The requested Common Name; nil if the request was not understood.
  package var identity: String?
  /// The node of the certificate; nil if it has none or was refused.
  package var node: String?
  /// The kind of proof: `token`, `service-account`, `certificate`; nil without one.
  package var method: String?
  /// The proof: the id of a join token, the name of a service account, the serial of a certificate; never a
  /// secret.
  package var proof: String?
  /// The UID of the pod of a service-account token.
  package var pod: String?
  /// The id of a service-account token, which the API server's audit log has as `credential-id`.
  package var token: String?
  /// The client's address; `several` for refusals of several clients that are counted together.
  package var client: String?
  /// The reason of a refusal; nil if the request was not refused.
  package var reason: String?
  /// Why a certificate was renewed before its time; nil if it was not.
  package var early: String?
  /// The serial of the certificate issued, in hexadecimal digits.
  package var serial: String?
  /// How many refusals the line stands for; nil for one.
  package var count: Int?
  /// With `opened`: the chain value of the line before, in this file or the one before it.
  package var previous: String?

  package init(
    time: Date, decision: Decision, identity: String? = nil, node: String? = nil, method: String? = nil,
    proof: String? = nil, pod: String? = nil, token: String? = nil, client: String? = nil,
    reason: String? = nil, early: String? = nil, serial: String? = nil, count: Int? = nil,
    previous: String? = nil
  ) {
    self.time = time
    self.decision = decision
    self.identity = identity
    self.node = node
    self.method = method
    self.proof = proof
    self.pod = pod
    self.token = token
    self.client = client
    self.reason = reason
    self.early = early
    self.serial = serial
    self.count = count
    self.previous = previous
  }

  /// The longest text of a field, in bytes: longer ones come from hostile requests.
  private static let longest = 200

  /// With texts from requests cut, so that the size of a line is bounded.
  var cut: Self {
    var entry = self
    for field: WritableKeyPath<Self, String?> in [
      \.identity, \.node, \.method, \.proof, \.pod, \.token, \.client, \.reason, \.early, \.serial,
    ] {
      guard let text = entry[keyPath: field], text.utf8.count > Self.longest else { continue }
      let kept = text.unicodeScalars.prefix(Self.longest / 4)
      entry[keyPath: field] = "\(String(String.UnicodeScalarView(kept)))… (\(text.utf8.count) bytes)"
    }
    return entry
  }

  /// One line of JSON without a line feed, in ASCII: other characters are escaped, so that none acts on a terminal.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(cut), as: UTF8.self)
    guard !text.utf8.allSatisfy({ $0 < 0x7f }) else { return Array(text.utf8) }
    var line: [UInt8] = []
    for unit in text.utf16 {
      if unit < 0x7f {
        line.append(UInt8(unit))
      } else {
        let digits = String(unit, radix: 16)
        line += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
      }
    }
    return line
  }
}
