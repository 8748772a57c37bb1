import Endpoints
import GRPC
import Protobuf
import Synchronization

/// A client of an etcd cluster: native gRPC over TLS, one identity, one or several members.
///
/// Every call has a deadline. A call that may be repeated without harm goes on to the next member when one is away
/// or silent; a write whose answer was lost does not, since it may have been executed: its error is transient
/// (``EtcdError/isTransient``) and the caller finds out by reading. A call that met a change of the auth store is
/// repeated, because etcd says that it was not executed.
///
/// The JSON gateway is never used: it ignores the certificate's Common Name (etcd, `server/auth/store.go`).
package struct EtcdClient: Sendable {
  let connections: [Connection]
  private(set) var timeout: Duration
  /// A password login's token, which etcd prefers to the certificate's Common Name.
  var token: String?
  private let preferred: Preferred

  /// Which member is asked first: the last that answered, and none that has just failed to.
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
  ///   - timeout: How long a single call may take. etcd's own limit for a write is 7 seconds
  ///     (`server/config/config.go`, `ReqTimeout`).
  package static func connect<Result: Sendable>(
    to endpoints: [Endpoint], as credentials: ClientCredentials, timeout: Duration = .seconds(8),
    _ body: @Sendable (EtcdClient) async throws -> Result
  ) async throws -> Result {
    let connections = try endpoints.map { try Connection(endpoint: $0, credentials: credentials) }
    // Not at an interruption: that must not cut the connection under a call that is to be finished.
    defer { for connection in connections { connection.channel.close() } }
    return try await body(EtcdClient(connections: connections, timeout: timeout))
  }

  /// The same identity, asking only the given member.
  package func only(_ endpoint: Endpoint) -> EtcdClient {
    EtcdClient(connections: connections.filter { $0.endpoint == endpoint }, timeout: timeout)
  }

  /// The same members, with no call taking longer than this.
  package func within(_ timeout: Duration) -> EtcdClient {
    var client = self
    client.timeout = min(self.timeout, timeout)
    return client
  }

  /// The same members, as the user of a password login.
  func using(token: String) -> EtcdClient {
    var client = self
    client.token = token
    return client
  }

  /// Makes a unary call, at one member or, if it may be repeated, at one after the other.
  func call<Request, Response>(
    _ method: Method<Request, Response>, _ request: Request, operation: String, repeatable: Bool = true
  ) async throws(EtcdError) -> Response {
    try await atSomeMember(operation, repeatable: repeatable) { connection async throws(EtcdError) in
      try await connection.call(
        method, request, operation: operation, timeout: timeout, token: token)
    }
  }

  /// Asks the preferred member and, where that is away or silent, the next time another; at once if the call may be
  /// repeated.
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
        // A write goes to another member only where this one surely did not get it.
        guard repeatable || (error.wasNotProcessed && error.code == .unavailable) else { throw error }
        failures.append(error)
      }
    }
    guard let last = failures.last else {
      throw EtcdError(code: .unavailable, operation: operation, endpoint: "-", message: "no endpoint given")
    }
    guard failures.count > 1 else { throw last }
    throw EtcdError(
      code: last.code, operation: operation, endpoint: "all \(failures.count) endpoints",
      message: failures.map { "\($0.endpoint): \($0.message)" }.joined(separator: "; "))
  }

  /// Repeats a request that was refused only because the auth store moved under it. A change of users or roles
  /// refuses every request that is in flight, so a few tries in quick succession are enough.
  private func atCurrentAuthRevision<Response>(
    _ call: () async throws(EtcdError) -> Response
  ) async throws(EtcdError) -> Response {
    for attempt in 1...20 {
      do {
        return try await call()
      } catch  where error.code == .authRevisionOld {
        try? await Task.sleep(for: .milliseconds(5 * attempt))
      }
    }
    return try await call()
  }
}
