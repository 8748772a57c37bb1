import GRPCNIOTransportHTTP2
import NIOSSL
import Synchronization

import struct Endpoints.Endpoint

extension EtcdClient {
  /// The certificate that a member shows its clients, in DER, as it is seen in a handshake that trusts it.
  ///
  /// etcd's JSON gateway is a client of its own server and shows this certificate there, so its Common Name is somebody
  /// to etcd too (etcd, `embed/serve.go`).
  /// - Throws: ``EtcdError`` if the member does not answer or is not trusted.
  package static func serverCertificate(
    of endpoint: Endpoint, as credentials: ClientCredentials, timeout: Duration = .seconds(20)
  ) async throws -> [UInt8] {
    let seen = Seen()
    let connection = try Connection(endpoint: endpoint, credentials: credentials) { config in
      config.channelDebuggingCallbacks.onCreateTCPConnection = { channel in
        // Asked when the handshake is over.
        seen.certificate.withLock { $0 = { try await channel.nioSSL_peerCertificate().get() } }
        return channel.eventLoop.makeSucceededVoidFuture()
      }
    }
    return try await connect([connection], timeout: timeout) { etcd in
      _ = try await etcd.status()
      guard let certificate = try await seen.certificate.withLock({ $0 })?() else {
        throw EtcdError(
          code: .unavailable, operation: "TLS handshake", endpoint: endpoint.description,
          message: "no certificate was seen")
      }
      return try certificate.toDERBytes()
    }
  }

  private final class Seen: Sendable {
    let certificate = Mutex<(@Sendable () async throws -> NIOSSLCertificate?)?>(nil)
  }
}
