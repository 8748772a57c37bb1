import Cryptography
import HTTP
import Names
import Network

/// What a member's peer port answers to a client.
///
/// The peer port knows no users: who completes the TLS handshake there can send entries of the log in the
/// name of any user, root included (etcd, `server/etcdserver/api/rafthttp/http.go`). So it must refuse every
/// certificate of the authority that signs the clients' certificates.
package enum PeerPortAnswer: Hashable, Sendable {
  /// It answered a request that was made with the client's certificate.
  case admitsClient
  /// It answered a request without any certificate, or it has no TLS.
  case admitsAnyone
  /// It refused the certificate in the TLS handshake, and with which alert. Only with a certificate that the member's
  /// client port accepts does this show that the peers do not trust its authority.
  case refused(String)
  /// It could not be asked, and why.
  case unknown(String)
}

extension ClientCredentials {
  /// Asks a peer URL for the list of the members, which etcd publishes there and which changes nothing (etcd,
  /// `server/etcdserver/api/etcdhttp/peer.go`). The server's certificate is not verified: the peers may have
  /// an authority of their own.
  package func peerPort(_ url: String, timeout: Duration = .seconds(5)) async -> PeerPortAnswer {
    guard let address = WebAddress(url.hasSuffix("/") ? "\(url)members" : "\(url)/members") else {
      return .unknown("\(url) is not a URL of http or https")
    }
    let own: TLSContext
    let bare: TLSContext
    do {
      own = try tlsContext(trusting: .anyone, protocols: ["http/1.1"])
      bare = try .client(trusting: .anyone, protocols: ["http/1.1"])
    } catch let fault as CredentialsFault {
      return .unknown(words(of: fault))
    } catch { return .unknown("\(error)") }
    let answer = await Self.answer(of: address, with: own, timeout)
    guard answer == .admitsClient else { return answer }
    return await Self.answer(of: address, with: bare, timeout) == .admitsClient
      ? .admitsAnyone : .admitsClient
  }

  private static func answer(
    of address: WebAddress, with context: TLSContext, _ timeout: Duration
  ) async -> PeerPortAnswer {
    var client = Client(tls: address.isSecure ? context : nil)
    client.limit = timeout
    client.connectLimit = timeout
    var last = PeerPortAnswer.unknown("not asked")
    // A server that refuses the certificate may close the connection before its alert is read.
    for attempt in 1...5 {
      do throws(ClientError) {
        _ = try await client.send(.get, to: address)
        return .admitsClient
      } catch {
        switch error {
        // An answer, although not one that is understood.
        case .malformed, .tooLarge: return .admitsClient
        case .network(.tls(.certificateRefused(let alert))) where Self.showsAuthority(alert):
          return .refused("\(error)")
        case .network(.reset), .network(.ended), .closedEarly, .network(.tls(.closedInHandshake)):
          last = .unknown("\(error)")
        default: return .unknown("\(error)")
        }
      }
      try? await Task.sleep(for: .milliseconds(50 * attempt))
    }
    return last
  }

  /// Whether an alert about a certificate that is valid now, and that another port of the same server accepts, means that
  /// its authority is not trusted there, or that it lacks a name or a use that the port requires.
  private static func showsAuthority(_ alert: TLSAlert) -> Bool {
    ![.certificateExpired, .certificateRevoked].contains(alert)
  }
}
