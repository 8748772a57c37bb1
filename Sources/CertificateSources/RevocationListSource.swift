import Credentials
import Enrolment
import FoundationEssentials

/// The revocation list of an authority server (`bulkhead authority serve`).
package struct RevocationListSource: Hashable, Sendable {
  package var address: SourceAddress
  /// The authorities of its server certificate, a file in PEM; nil for those that the system trusts.
  package var authority: String?
  /// How long the request and its whole answer may take. A list of 500,000 entries has 25 MB.
  package var timeout = Duration.seconds(60)

  private static let limit = 64 << 20

  package init(address: SourceAddress, authority: String?) {
    self.address = address
    self.authority = authority
  }

  package var name: String { "the authority server \(address)" }

  /// The current list in DER, without any check.
  /// - Throws: ``SourceError``.
  package func list() async throws -> [UInt8] {
    var exchange = SourceConnection(name: name, address: address, authority: authority, timeout: timeout)
    exchange.limit = Self.limit
    let answer = try await exchange.send("GET", EnrolmentRequest.revocationListPath)
    guard answer.status == 200 else {
      throw SourceError(
        "\(name) answers \(answer.status) to a request for the revocation list",
        hint: Self.hint(for: answer.status), isTransient: true)
    }
    return Array(answer.body)
  }

  private static func hint(for status: Int) -> String {
    switch status {
    case 404: "write a list with 'bulkhead certs crl' on the authority's machine"
    case 429, 503: "it is busy, or sends the list to many at the moment: ask again later"
    default: "its log says why"
    }
  }
}
