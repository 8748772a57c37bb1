import FoundationEssentials
import GRPC
import HTTP
import Keyspace
import Names

/// What etcd's JSON gateway answers to a client that logs in with a password, as OpenStack's does.
package enum GatewayAnswer: Hashable, Sendable {
  /// It logged in, with this token.
  case loggedIn(token: String)
  /// The gateway refused the login, with its message.
  case refused(String)
  /// The member has no gateway: it runs with `--enable-grpc-gateway=false`.
  case off
  /// It could not be asked, and why.
  case unknown(String)
}

/// Requests to etcd's JSON gateway, which change nothing. With authentication on and `--client-cert-auth`, the gateway
/// refuses each request of a client whose certificate has a Common Name (etcd, `server/embed/serve.go`,
/// `accessController`).
extension ClientCredentials {
  /// Logs in through the gateway of a member.
  package func gatewayLogin(
    at endpoint: Endpoint, _ user: String, password: String, timeout: Duration = .seconds(8)
  ) async -> GatewayAnswer {
    struct Login: Encodable {
      let name: String
      let password: String
    }
    struct Success: Decodable { let token: String? }
    do throws(EtcdError) {
      let response = try await post(
        "/v3/auth/authenticate", Login(name: user, password: password), at: endpoint, timeout)
      switch response.status.code {
      case 200:
        let token = (try? JSONDecoder().decode(Success.self, from: Data(response.body)))?.token
        return token.map { .loggedIn(token: $0) } ?? .refused("the answer has no token")
      case 404: return .off
      default: return .refused(Self.message(of: response))
      }
    } catch { return .unknown(error.reason) }
  }

  /// May this client read the range through the gateway? The request has a revision far in the future, as
  /// ``EtcdClient/mayRead(_:)``.
  /// - Parameters:
  ///   - token: Of a password login; nil for a request with the certificate alone.
  ///   - accepts: Whether the request has an `Accept` header. Without one, etcd takes a request for the server's own
  ///     (etcd, `server/auth/store.go`, `AuthInfoFromTLS`).
  package func mayReadThroughGateway(
    _ range: KeyRange, at endpoint: Endpoint, token: String? = nil, accepts: Bool = true,
    timeout: Duration = .seconds(8)
  ) async -> Answer {
    struct Request: Encodable {
      let key: Data
      let rangeEnd: Data
      let revision = String(Int64.max)
      let limit = "1"

      private enum CodingKeys: String, CodingKey {
        case key, revision, limit
        case rangeEnd = "range_end"
      }
    }
    do throws(EtcdError) {
      let response = try await post(
        "/v3/kv/range", Request(key: Data(range.lower.bytes), rangeEnd: Data(range.rangeEnd)),
        at: endpoint, timeout, token: token, accepts: accepts)
      guard response.status.code != 200 else { return .allowed }
      let message = Self.message(of: response)
      let error = EtcdError(
        code: .init(status: .unknown, message: message), operation: "POST /v3/kv/range (\(range))",
        endpoint: "\(endpoint)", message: message, origin: .etcd)
      return switch error.code {
      case .revisionInFuture: .allowed
      case .permissionDenied, .notFound: .denied
      default: .inconclusive(error)
      }
    } catch { return .inconclusive(error) }
  }

  private func post(
    _ path: String, _ body: some Encodable, at endpoint: Endpoint, _ timeout: Duration,
    token: String? = nil, accepts: Bool = true
  ) async throws(EtcdError) -> Response {
    func failure(_ message: String) -> EtcdError {
      EtcdError(
        code: .unavailable, operation: "POST \(path)", endpoint: endpoint.description, message: message)
    }
    guard let address = WebAddress("\(endpoint)\(path)") else { throw failure("\(endpoint) is not a URL") }
    var client = Client(
      tls: try tlsContext(protocols: ["http/1.1"], operation: "POST \(path)", endpoint: endpoint))
    client.tlsName = serverName
    client.limit = timeout
    guard let bytes = try? JSONEncoder().encode(body) else { throw failure("the request cannot be encoded") }
    var fields: Fields = ["Content-Type": "application/json"]
    if accepts { fields.append("Accept", "application/json") }
    if let token { fields.append("Authorization", token) }
    do throws(ClientError) {
      return try await client.send(.post, to: address, fields: fields, body: .bytes(Array(bytes)))
    } catch { throw failure("\(error)") }
  }

  private static func message(of response: Response) -> String {
    struct Failure: Decodable {
      let error: String?
      let message: String?
    }
    let failure = try? JSONDecoder().decode(Failure.self, from: Data(response.body))
    let text =
      failure?.error ?? failure?.message ?? String(decoding: response.body.prefix(200), as: UTF8.self)
    return text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
