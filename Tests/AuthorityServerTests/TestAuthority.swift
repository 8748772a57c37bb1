import Certificates
import Cryptography
import Enrolment
import Files
import Foundation
import HTTP
import Log
import Names
import Network
import Testing

@testable import AuthorityServer

/// A folder with a segmentation, an authority and a ledger, for servers of the tests. Removed after the test.
final class TestAuthority: Sendable {
  let folder: String
  var pki: String { folder + "/pki" }
  var audit: String { folder + "/audit.log" }

  /// - Parameter disk: The parent of the folder, instead of the folder for temporary files.
  init(
    isolation: String = "node-user", nodes: [String] = ["node-1", "node-2"], lifetime: String = "1d",
    on disk: String = NSTemporaryDirectory()
  ) throws {
    folder = disk + "/bulkhead-authority-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    // It began in the past, so that its certificates may be expired.
    try Authority.create(name: "test clients", lifetime: .seconds(10 * 86_400), now: Date() - 86_400).save(
      to: pki)
    try write(isolation: isolation, nodes: nodes, lifetime: lifetime)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func write(
    isolation: String = "node-user", nodes: [String], lifetime: String = "1d",
    components: String = "calico-node, cni-plugin, kube-controllers"
  ) throws {
    let text = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: test
      calico: {version: v3.32.1, roles: corrected, features: []}
      etcd: {endpoints: ['https://127.0.0.1:2379'], ca: pki/ca.crt, certificate: root.crt, key: root.key}
      isolation: \(isolation)
      nodes: [\(nodes.joined(separator: ", "))]
      components: [\(components)]
      calicoctl: [{user: alice, access: full}]
      custom: [{user: backup, grants: [{prefix: /calico/, access: read}]}]
      kubernetes: {apiserver: kube-apiserver-etcd-client}
      certificates: {authority: {directory: pki}, lifetime: \(lifetime)}
      """
    try text.write(toFile: folder + "/bulkhead.yaml", atomically: true, encoding: .utf8)
  }

  func settings(_ change: (inout AuthoritySettings) -> Void = { _ in }) throws -> AuthoritySettings {
    var settings = AuthoritySettings(
      file: folder + "/bulkhead.yaml", directory: pki, passphrase: { _ in throw Unexpected() },
      host: "127.0.0.1", port: 0, certificate: .issued(for: [try HostName("127.0.0.1")]), auditFile: audit)
    settings.limits.ratePerClient = 10_000
    change(&settings)
    return settings
  }

  var ledger: Ledger { get throws { try Ledger(in: pki) } }

  func token(
    node: String? = "node-1", components: [String]? = nil, uses: Int = 1, lasting: TimeInterval = 3_600
  ) throws -> JoinToken {
    let token = JoinToken()
    let now = Date()
    let grant = JoinGrant(node: node, components: components, uses: uses, expiresAt: now + lasting)
    try ledger.add([(token, grant)], now: now)
    return token
  }

  /// - Parameter path: nil for the server's own audit log.
  func auditEntries(of path: String? = nil) throws -> [AuditEntry] {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try String(contentsOfFile: path ?? audit, encoding: .utf8).split(separator: "\n").map {
      try decoder.decode(AuditEntry.self, from: Data($0.utf8))
    }.filter { $0.decision != .opened }
  }

  /// Writes a file into its folder.
  func file(_ name: String, _ text: String) throws -> String {
    try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)", mode: 0o600)
    return "\(folder)/\(name)"
  }

  /// The authority's certificate in PEM.
  var certificate: String { get throws { try FileContents.readText(pki + "/ca.crt") } }

  /// Client certificates, without the server's own.
  func issued() throws -> [LedgerEntry] { try ledger.entries().filter { $0.purpose == .client } }

  /// Runs a server while `body` works with it.
  func serving<Result: Sendable>(
    _ change: (inout AuthoritySettings) -> Void = { _ in }, _ body: (TestServer) async throws -> Result
  ) async throws -> Result {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let server = try AuthorityServer(try settings(change), logger: logger)
    let (ports, started) = AsyncStream.makeStream(of: Int.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { started.finish() }
        try await server.run(heedsSignals: false) { started.yield($0) }
      }
      defer { group.cancelAll() }
      var port: Int?
      for await first in ports {
        port = first
        break
      }
      guard let port else {
        try await group.next()
        throw Unexpected()
      }
      return try await body(
        TestServer(port: port, authority: try certificate))
    }
  }
}

struct Unexpected: Error {}

/// Repeats until the answer is as expected, as long as a busy machine may need.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
  let end = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < end {
    if try await condition() { return true }
    try await Task.sleep(for: .milliseconds(200))
  }
  return false
}

/// A server, as its clients see it.
struct TestServer: Sendable {
  let port: Int
  /// In PEM.
  let authority: String

  struct Answer: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    var certificate: String? {
      (try? JSONDecoder().decode(EnrolmentResponse.self, from: Data(body.utf8)))?.certificate
    }
    var error: String? { (try? JSONDecoder().decode(EnrolmentRefusal.self, from: Data(body.utf8)))?.error }
  }

  /// A client's key and certificate for TLS.
  struct Identity: Sendable {
    let key: ClientKey
    let certificate: String
  }

  func send(
    _ path: String, method: String = "POST", token: String? = nil, body: RequestBody = .none,
    certificate: String? = nil, key: String? = nil
  ) async throws -> Answer {
    var identity: TLSIdentity?
    if let certificate, let key {
      identity = TLSIdentity(
        chain: try Certificate.all(pem: Array(certificate.utf8)),
        key: try Certificates.PrivateKey(pem: key).forTLS)
    }
    var client = Client(tls: try tls(identity))
    client.limit = .seconds(60)
    var fields: Fields = [:]
    if let token { fields.append("authorization", "Bearer \(token)") }
    let response = try await client.send(
      HTTP.Method(method), to: try address(path), fields: fields, body: body)
    return Answer(
      status: response.status.code,
      headers: Dictionary(
        response.fields.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first }),
      body: String(decoding: response.body, as: UTF8.self))
  }

  /// The revocation list.
  /// - Parameter known: The tag of a list that the client has.
  func list(known: String? = nil) async throws -> (status: Int, body: [UInt8], tag: String?) {
    let fields: Fields = known.map { ["If-None-Match": $0] } ?? [:]
    let response = try await Client(tls: try tls()).send(.get, to: try address("/v1/crl"), fields: fields)
    return (response.status.code, response.body, response.fields["etag"])
  }

  private func address(_ path: String) throws -> WebAddress {
    try #require(WebAddress("https://127.0.0.1:\(port)\(path)"))
  }

  private func tls(_ identity: TLSIdentity? = nil) throws -> TLSContext {
    try .client(
      trusting: .authorities(Certificate.all(pem: Array(authority.utf8))), identity: identity)
  }

  /// Requests `/live` twice over one connection.
  /// - Parameter body: Runs between the two requests.
  /// - Returns: both statuses, and the server's certificate at the beginning.
  func asking(
    _ body: () async throws -> Void = {}
  ) async throws -> (answers: [Int], shown: CertificateFacts) {
    let connection = try await ClientConnection.connect(to: try address("/"), tls: try tls())
    defer { connection.close() }
    let first = try await connection.send(.get, "/live")
    let shown = try await connection.peerCertificates.first
    try await body()
    let second = try await connection.send(.get, "/live")
    return (
      [first, second].map(\.status.code), try #require(shown.flatMap { CertificateFacts(der: $0.der) })
    )
  }

  func enrol(_ name: String, with token: String?, key: ClientKey = ClientKey()) async throws -> Answer {
    try await send(EnrolmentRequest.path, token: token, body: try key.request(for: name))
  }

  func renew(
    _ name: String, as identity: Identity?, key: ClientKey = ClientKey(), reason: String? = "requested",
    isSigned: Bool = true
  ) async throws -> Answer {
    try await send(
      EnrolmentRequest.renewalPath,
      body: try key.request(for: name, reason: reason, replacing: isSigned ? identity?.key : nil),
      certificate: identity?.certificate,
      key: try identity?.key.pem)
  }

  /// Enrols and returns what a renewal needs.
  func identity(_ name: String, with token: JoinToken) async throws -> Identity {
    let key = ClientKey()
    let answer = try await enrol(name, with: token.secretText, key: key)
    return Identity(key: key, certificate: try #require(answer.certificate, "\(answer.body)"))
  }
}

/// A key like that of a node.
struct ClientKey: Sendable {
  private let key: Cryptography.PrivateKey

  init() {
    guard let key = try? Cryptography.PrivateKey.generate(.p256) else {
      preconditionFailure("no key can be made")
    }
    self.key = key
  }

  var pem: String {
    get throws {
      try PEM.secret(PrivateKeyForm.pkcs8.label, key.der()).withUnsafeBytes {
        String(decoding: $0, as: UTF8.self)
      }
    }
  }

  /// A request with extensions, which the server must ignore.
  func csr(for name: String) throws -> String {
    try Cryptography.CertificateRequest(
      subject: CertificateName(name).isTransport
        ? DistinguishedName(organizationalUnit: name) : DistinguishedName(commonName: name), key: key,
      extensions: [.subjectAlternativeNames([.dns("evil.example.org")])]
    ).pem()
  }

  /// - Parameter old: the key that signs the request, because this one replaces it.
  func request(
    for name: String, reason: String? = nil, replacing old: ClientKey? = nil
  ) throws -> RequestBody {
    let csr = try csr(for: name)
    let proof = try old?.proof(of: csr, reason: reason)
    return .bytes(Array(try JSONEncoder().encode(EnrolmentRequest(csr: csr, reason: reason, proof: proof))))
  }

  /// The signature of a renewal by this key.
  func proof(of csr: String, reason: String?, at moment: Date = Date()) throws -> RenewalProof {
    let time = Int64(moment.timeIntervalSince1970)
    let signature = try key.sign(RenewalProof.text(time: time, reason: reason, csr: csr))
    return RenewalProof(time: time, signature: Data(signature).base64EncodedString())
  }
}
