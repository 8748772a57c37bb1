import Cryptography
import Names
import Network

extension EtcdClient {
  /// The server certificate of a member in DER, from a TLS handshake that verifies it.
  ///
  /// etcd's JSON gateway calls its own server with this certificate, so etcd may treat its Common Name as a
  /// user (etcd, `embed/serve.go`).
  /// - Throws: ``EtcdError`` if the member does not answer or is not trusted.
  package static func serverCertificate(
    of endpoint: Endpoint, as credentials: ClientCredentials, timeout: Duration = .seconds(20)
  ) async throws(EtcdError) -> [UInt8] {
    let operation = "TLS handshake"
    var options = ConnectOptions(
      tls: try credentials.tlsContext(protocols: ["h2"], operation: operation, endpoint: endpoint))
    options.tlsName = credentials.serverName
    (options.connectLimit, options.handshakeLimit) = (timeout, timeout)
    let loop = try MemberLoop.get()
    do throws(NetworkError) {
      let connection = try await AsyncConnection.connect(
        to: endpoint.host, port: UInt16(endpoint.port), options: options, on: loop)
      defer { connection.close() }
      return try await connection.ask { (connection) throws(NetworkError) in
        guard let own = try connection.peerCertificates().first else { throw .closed }
        return own.der
      }
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }
}

extension EtcdError {
  init(_ error: NetworkError, operation: String, endpoint: String) {
    let code: Code =
      switch error {
      case .timedOut: .deadlineExceeded
      case .cancelled: .cancelled
      default: .unavailable
      }
    self.init(
      code: code, operation: operation, endpoint: endpoint, message: "\(error)",
      origin: .connection(ConnectionFailure(error)))
  }
}
