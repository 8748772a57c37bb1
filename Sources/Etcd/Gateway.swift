import FoundationEssentials
import HTTP
import Names

/// What etcd's JSON gateway answers to a client that logs in with a password, as OpenStack's does.
package enum GatewayAnswer: Hashable, Sendable {
  /// It logged in.
  case loggedIn
  /// The gateway refused the login, with its message.
  case refused(String)
  /// The member has no gateway: it runs with `--enable-grpc-gateway=false`.
  case off
  /// It could not be asked, and why.
  case unknown(String)
}

extension ClientCredentials {
  /// Logs in through the JSON gateway of a member, which changes nothing. With authentication on and
  /// `--client-cert-auth`, the gateway refuses each request of a client whose certificate has a Common Name
  /// (etcd, `server/embed/serve.go`, `accessController`).
  package func gatewayLogin(
    at endpoint: Endpoint, _ user: String, password: String, timeout: Duration = .seconds(8)
  ) async -> GatewayAnswer {
    struct Login: Encodable {
      let name: String
      let password: String
    }
    struct Failure: Decodable {
      let error: String?
      let message: String?
    }
    guard let address = WebAddress("\(endpoint)/v3/auth/authenticate") else {
      return .unknown("\(endpoint) is not a URL")
    }
    do {
      var client = Client(
        tls: try tlsContext(protocols: ["http/1.1"], operation: "POST /v3/auth", endpoint: endpoint))
      client.limit = timeout
      let body = try JSONEncoder().encode(Login(name: user, password: password))
      // Without Accept, etcd takes the request for the server's own.
      let response = try await client.send(
        .post, to: address, fields: ["Accept": "application/json", "Content-Type": "application/json"],
        body: .bytes(Array(body)))
      switch response.status.code {
      case 200: return .loggedIn
      case 404: return .off
      default:
        let failure = try? JSONDecoder().decode(Failure.self, from: Data(response.body))
        let text =
          failure?.error ?? failure?.message ?? String(decoding: response.body.prefix(200), as: UTF8.self)
        return .refused(text.split(whereSeparator: \.isNewline).joined(separator: " "))
      }
    } catch {
      return .unknown("\(error)")
    }
  }
}
