import GRPC
import Names
import Protobuf
import Synchronization

/// A client of an etcd cluster: native gRPC over TLS, one identity, one or several members.
///
/// Each call has a deadline. If a member is unreachable or does not answer, a repeatable call goes to the
/// next member. A write goes there only if the member certainly did not process it; otherwise the error is
/// transient (``EtcdError/isTransient``) and the caller reads whether the write was executed. A call that met
/// a change of the auth store is retried, because etcd reports that it was not executed.
///
/// The JSON gateway is never used: it ignores the certificate's Common Name (etcd, `server/auth/store.go`).
package struct EtcdClient: Sendable {
  let connections: [Connection]
  package private(set) var timeout: Duration
  /// A password login, which etcd prefers to the certificate's Common Name.
  private var session: LoginSession?
  /// The token of the login.
  var token: String? { session?.token }
  private let preferred: Preferred

  /// The member that is asked first: the last one that answered, and not one that has just failed.
  private final class Preferred: Sendable {
    private let index = Mutex(0)
    var first: Int { index.withLock { $0 } }
    func use(_ member: Int) { index.withLock { $0 = member } }
    func avoid(_ member: Int, of count: Int) {
      index.withLock { if $0 == member { $0 = (member + 1) % count } }
    }
  }

  private init(connections: [Connection], timeout: Duration) {
    self.connections = connections
    self.timeout = timeout
    preferred = Preferred()
  }

  package var endpoints: [Endpoint] { connections.map(\.endpoint) }

  /// Connects, runs `body` and disconnects.
  /// - Parameters:
  ///   - endpoints: The members' client URLs, at least one, in the order in which they are tried.
  ///   - timeout: The limit for a single call. etcd's own limit for a write is 7 seconds
  ///     (`server/config/config.go`, `ReqTimeout`).
  package static func connect<Result: Sendable>(
    to endpoints: [Endpoint], as credentials: ClientCredentials, timeout: Duration = .seconds(8),
    _ body: @Sendable (EtcdClient) async throws -> Result
  ) async throws -> Result {
    let connections = try endpoints.map { try Connection(endpoint: $0, credentials: credentials) }
    // After `body`, not at an interruption, which must not cut the connection of a call that has to complete.
    defer { for connection in connections { connection.channel.close() } }
    return try await body(EtcdClient(connections: connections, timeout: timeout))
  }

  /// The same identity at this member only.
  package func only(_ endpoint: Endpoint) -> EtcdClient {
    EtcdClient(connections: connections.filter { $0.endpoint == endpoint }, timeout: timeout)
  }

  /// The same members with this limit for each call.
  package func within(_ timeout: Duration) -> EtcdClient {
    var client = self
    client.timeout = min(self.timeout, timeout)
    return client
  }

  /// The same members with a password login.
  func using(_ session: LoginSession) -> EtcdClient {
    var client = self
    client.session = session
    return client
  }

  /// Makes a unary call at one member, or, if it is repeatable, at one after the other.
  func call<Request, Response>(
    _ method: Method<Request, Response>, _ request: Request, operation: String, repeatable: Bool = true
  ) async throws(EtcdError) -> Response {
    try await atSomeMember(operation, repeatable: repeatable) { connection async throws(EtcdError) in
      try await connection.call(
        method, request, operation: operation, repeatable: repeatable, timeout: timeout, token: token)
    }
  }

  /// Calls the preferred member. If that is unreachable or does not answer, later calls start with another
  /// member; this call continues there if it may be sent again.
  func atSomeMember<Response>(
    _ operation: String, repeatable: Bool = true,
    _ ask: (Connection) async throws(EtcdError) -> Response
  ) async throws(EtcdError) -> Response {
    let first = preferred.first
    var failures: [EtcdError] = []
    for offset in connections.indices {
      let index = (first + offset) % connections.count
      do {
        let response = try await atCurrentAuthRevision { () async throws(EtcdError) in
          try await ask(connections[index])
        }
        preferred.use(index)
        return response
      } catch {
        guard error.isTransient else { throw error }
        preferred.avoid(index, of: connections.count)
        // A write goes to another member only if this one certainly did not process it.
        guard repeatable || (error.wasNotProcessed && [.unavailable, .learner].contains(error.code)) else {
          throw error
        }
        failures.append(error)
      }
    }
    guard let last = failures.last else {
      throw EtcdError(code: .unavailable, operation: operation, endpoint: "-", message: "no endpoint given")
    }
    guard failures.count > 1 else { throw last }
    throw EtcdError(
      code: last.code, operation: operation, endpoint: "all \(failures.count) endpoints",
      message: failures.map { "\($0.endpoint): \($0.message)" }.joined(separator: "; "),
      origin: last.origin)
  }

  /// Retries a request that was refused only because the auth store changed. A change of users or roles
  /// refuses each request in flight, so a few quick retries are enough. A password login is repeated: a JSON Web
  /// Token is bound to the auth revision at the login (etcd, `server/auth/jwt.go`), and a simple token ends.
  private func atCurrentAuthRevision<Response>(
    _ call: () async throws(EtcdError) -> Response
  ) async throws(EtcdError) -> Response {
    for attempt in 1...20 {
      do {
        return try await call()
      } catch  where error.code == .authRevisionOld || error.code == .invalidToken && session != nil {
        if let session {
          var client = self
          client.session = nil
          try await session.renew(with: client)
        }
        try? await Task.sleep(for: .milliseconds(5 * attempt))
      }
    }
    return try await call()
  }
}
