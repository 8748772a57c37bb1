import Endpoints
import HTTP

/// What a member publishes at `/metrics`, for what its API does not tell before etcd 3.6. Any certificate that the
/// member's TLS accepts may read it.
package struct Metrics: Sendable {
  /// The last value of each metric, by its name with its labels.
  package let values: [String: Double]

  /// The size in bytes that the database may grow to; below zero if there is no limit.
  package var quota: Int64? { values["etcd_server_quota_backend_bytes"].flatMap(Int64.init(exactly:)) }

  /// Counts the changes of users, roles and permissions.
  package var authRevision: Int64? { values["etcd_debugging_auth_revision"].flatMap(Int64.init(exactly:)) }

  /// Reads Prometheus' text format; lines that are no sample are skipped.
  init(text: String) {
    var values: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      guard let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) else {
        continue
      }
      values[String(line[..<space])] = value
    }
    self.values = values
  }

  package static func read(
    from endpoint: Endpoint, as credentials: ClientCredentials, timeout: Duration = .seconds(8)
  ) async throws(EtcdError) -> Metrics {
    func failure(_ message: String) -> EtcdError {
      EtcdError(
        code: .unavailable, operation: "GET /metrics", endpoint: endpoint.description, message: message)
    }
    guard let address = WebAddress("\(endpoint)/metrics") else { throw failure("no address of the web") }
    var client = Client(
      tls: try credentials.tlsContext(protocols: ["http/1.1"], operation: "GET /metrics", endpoint: endpoint))
    client.limit = timeout
    client.message = MessageLimits(body: 16 << 20)
    let response: Response
    do throws(ClientError) {
      response = try await client.send(.get, to: address)
    } catch { throw failure("\(error)") }
    guard response.status.code == 200 else { throw failure("answered \(response.status.code)") }
    return Metrics(text: String(decoding: response.body, as: UTF8.self))
  }
}
