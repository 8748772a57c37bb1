import FoundationEssentials

/// The process that changes the users and roles of a cluster: the value of the lock.
package struct LockOwner: Codable, Hashable, Sendable {
  package let host: String
  package let process: Int32
  /// The account on that host.
  package let user: String
  package let since: Date

  package init(host: String, process: Int32, user: String, since: Date) {
    self.host = host
    self.process = process
    self.user = user
    self.since = since
  }

  /// - Returns: nil if the value has another format.
  init?(_ bytes: [UInt8]) {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    guard let holder = try? decoder.decode(LockOwner.self, from: Data(bytes)) else { return nil }
    self = holder
  }

  var bytes: [UInt8] {
    get throws {
      let encoder = JSONEncoder()
      encoder.dateEncodingStrategy = .iso8601
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(self))
    }
  }
}

extension LockOwner: CustomStringConvertible {
  package var description: String {
    "\(user) on \(host), process \(process), since \(since.formatted(.iso8601))"
  }
}
