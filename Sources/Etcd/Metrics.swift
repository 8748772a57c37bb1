import HTTP
import Names
import Network

/// The metrics of a member (`/metrics`), for values that its API does not report before etcd 3.6. Each
/// certificate that the member's TLS accepts may read them.
package struct Metrics: Sendable {
  /// The last value of each metric, by name with labels.
  package let values: [String: Double]

  /// The quota of the database in bytes; below zero for no limit.
  package var quota: Int64? { values["etcd_server_quota_backend_bytes"].flatMap(Int64.init(exactly:)) }

  /// The auth revision, which counts the changes of users, roles and permissions.
  package var authRevision: Int64? { values["etcd_debugging_auth_revision"].flatMap(Int64.init(exactly:)) }

  /// Parses Prometheus' text format, and ignores other lines.
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
    func failure(
      _ message: String, _ code: EtcdError.Code = .unavailable, origin: EtcdError.Origin = .other
    ) -> EtcdError {
      EtcdError(
        code: code, operation: "GET /metrics", endpoint: endpoint.description, message: message,
        origin: origin)
    }
    guard let address = WebAddress("\(endpoint)/metrics") else { throw failure("no address of the web") }
    var client = Client(
      tls: try credentials.tlsContext(protocols: ["http/1.1"], operation: "GET /metrics", endpoint: endpoint))
    client.tlsName = credentials.serverName
    client.limit = timeout
    client.message = MessageLimits(body: 16 << 20)
    let response: Response
    do throws(ClientError) {
      response = try await client.send(.get, to: address)
    } catch {
      switch error {
      case .timedOut, .network(.timedOut(_, after: _)): throw failure("\(error)", .deadlineExceeded)
      case .network(let cause): throw failure("\(error)", origin: .connection(ConnectionFailure(cause)))
      default: throw failure("\(error)")
      }
    }
    guard response.status.code == 200 else { throw failure("answered \(response.status.code)") }
    return Metrics(text: String(decoding: response.body, as: UTF8.self))
  }
}
