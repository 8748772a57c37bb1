import Names

/// Whether a member accepts TLS connections with a client's certificate: whether it trusts its authority.
package enum ClientTrust: Hashable, Sendable {
  case trusted
  /// The member refused the certificate in the TLS handshake. The value is the TLS alert that it sent.
  case refused(String)
  /// Nothing is known. The value is the error of the last attempt.
  case unknown(String)
}

extension ClientCredentials {
  /// Asks one member.
  ///
  /// An answer of etcd, whatever it says, shows that TLS has accepted the certificate: with authentication on,
  /// some releases allow Status to root only (etcd 3.4.42 to 3.4.45, 3.5.28 to 3.5.31 and 3.6.0 to 3.6.11). Only
  /// a TLS alert about the certificate shows that it was refused; every other failure shows nothing. The alert does
  /// not tell why: etcd made with an older Go sends "bad certificate" for an unknown authority and for an expired
  /// certificate alike (Go, `crypto/tls/handshake_server.go`), and a member whose clock is behind takes a new
  /// certificate for one that is not valid yet.
  package func trust(at endpoint: Endpoint, timeout: Duration) async -> ClientTrust {
    var last = "no answer"
    // A member that has just started may need a retry; so does one that closes the connection before its alert
    // is read.
    for attempt in 1...5 {
      do {
        _ = try await EtcdClient.connect(to: [endpoint], as: self, timeout: timeout) {
          try await $0.status()
        }
        return .trusted
      } catch let error as EtcdError {
        switch error.origin {
        case .etcd: return .trusted
        case .connection(.clientCertificateRefused(let alert)): return .refused(alert)
        case .connection, .other: last = error.message
        }
      } catch { last = "\(error)" }
      try? await Task.sleep(for: .milliseconds(100 * attempt))
    }
    return .unknown(last)
  }
}
