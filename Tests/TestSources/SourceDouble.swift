import Certificates
import Cryptography
import Files
import Foundation
import HTTP
import Names
import Synchronization

/// A small server over real TLS that answers like Vault's published HTTP API and like an authority server,
/// and that a test can make misbehave.
package final class SourceDouble: Sendable {
  /// Contains `ca.crt`, the authority of its certificate, and files of the test.
  package let folder: String
  /// The authority that it signs with.
  package let clients: Authority
  package let port: Int
  package let state: Mutex<State>

  package var url: String { "https://127.0.0.1:\(port)" }
  package var authority: String { "\(folder)/ca.crt" }

  /// What it does instead of a normal answer.
  package enum Fault: Sendable, Hashable {
    /// Closes the connection.
    case away
    /// Delays the answer by this many seconds.
    case slow(Double)
    case status(Int)
    /// Answers 200 with another body.
    case rubbish
    case oversized
    /// Signs another key than the requested one.
    case otherKey
    case redirect
  }

  package struct State: Sendable {
    package var fault: Fault?
    /// The lifetime of the certificates that it signs.
    package var lifetime: Duration = .seconds(3_600)
    /// The allowed identities, by Vault role or join token.
    package var allowed: [String: Set<String>] = [:]
    /// Valid Vault tokens.
    package var tokens: Set<String> = ["root-token"]
    package var joinTokens: Set<String> = []
    /// Stored secrets, by the path below the mount `secret`.
    package var stored: [String: [String: String]] = [:]
    package var namespace: String?
    /// What it serves as its revocation list; nil for none.
    package var revocationList: [UInt8]?
    /// Wrapped secret ids by their wrapping token, which is removed when it is used.
    package var wrapped: [String: String] = [:]
    package internal(set) var revokedTokens: [String] = []
    package internal(set) var issued: [String] = []
    package internal(set) var logins = 0
    package internal(set) var renewedTokens = 0
    package internal(set) var requests = 0
  }

  private init(folder: String, clients: Authority, port: Int, state: State) {
    self.folder = folder
    self.clients = clients
    self.port = port
    self.state = Mutex(state)
  }

  /// Starts a double and stops it after `body`.
  /// - Parameters:
  ///   - host: The host in its certificate; it listens on 127.0.0.1.
  ///   - age: Of its certificate, which is valid for a day; negative for one of the future.
  package static func with<Result: Sendable>(
    host: String = "127.0.0.1", age: TimeInterval = 0, _ body: (SourceDouble) async throws -> Result
  ) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "bulkhead-source-\(UUID().uuidString.prefix(8))").path
    try Directory.create(folder)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let now = Date()
    let day = Duration.seconds(86_400)
    let servers = try Authority.create(
      name: "source-ca", lifetime: .seconds(20 * 86_400), now: now - 10 * 86_400)
    try AtomicFile.write(Array(servers.certificatePEM.utf8), to: "\(folder)/ca.crt", mode: 0o644)
    let clients = try Authority.create(name: "clients-ca", lifetime: day, now: now - 7_200)
    let own = try servers.issue(
      server: "source", hosts: [HostName(host)], lifetime: day, now: now - age)

    let box = Box()
    let answers = Answers(box: box)
    return try await LoopbackServer.run(
      tls: LoopbackServer.tls(own, clients: clients), answer: answers.respond
    ) { port in
      let double = SourceDouble(folder: folder, clients: clients, port: port, state: State())
      box.double.withLock { $0 = double }
      return try await body(double)
    }
  }

  // MARK: - for the tests

  /// Writes a file into its folder.
  package func file(_ name: String, _ text: String) throws -> String {
    try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)", mode: 0o600)
    return "\(folder)/\(name)"
  }

  /// A client certificate of its authority.
  package func credential(
    _ user: String, lifetime: Duration = .seconds(3_600), now: Date = Date()
  ) throws -> Credential {
    try clients.issue(client: user, lifetime: lifetime, now: now)
  }

  package var issued: [String] { state.withLock(\.issued) }

  package func fail(_ fault: Fault?) { state.withLock { $0.fault = fault } }
}

/// The double, once its port is known.
final class Box: Sendable {
  let double = Mutex<SourceDouble?>(nil)
}

extension Request {
  /// The Common Name of the client's certificate.
  var peer: String? { certificates.first.flatMap { CertificateFacts(der: $0.der)?.name } }
}
