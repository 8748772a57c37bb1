import AsyncHTTPClient
import Endpoints
import NIOSSL

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
    do {
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(credentials.authority)
      tls.certificateChain = try NIOSSLCertificate.fromPEMFile(credentials.certificate).map {
        .certificate($0)
      }
      tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: credentials.key, format: .pem))
      let client = HTTPClient(configuration: .init(tlsConfiguration: tls))
      do {
        let response = try await client.execute(
          HTTPClientRequest(url: "\(endpoint)/metrics"), timeout: .nanoseconds(timeout.nanoseconds))
        let body = try await response.body.collect(upTo: 16 << 20)
        try await client.shutdown()
        guard response.status == .ok else { throw failure("answered \(response.status.code)") }
        return Metrics(text: String(buffer: body))
      } catch {
        try? await client.shutdown()
        throw error
      }
    } catch let error as EtcdError {
      throw error
    } catch {
      throw failure("\(error)")
    }
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
