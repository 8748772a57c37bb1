import Credentials
import Cryptography
import Files
import FoundationEssentials
import HTTP
import Network
import Text

/// Requests to a source over HTTPS, each with its own connection: an agent sends a few a day. Files with
/// authorities and certificates are read for each request.
struct SourceConnection: Sendable {
  /// For messages.
  let name: String
  let address: SourceAddress
  /// A file in PEM; nil for the authorities that the system trusts.
  let authority: String?
  /// The timeout for a request and its complete answer.
  let timeout: Duration
  /// The client certificate.
  var identity: Identity?
  /// The size limit of an answer in bytes.
  var limit = 1 << 20

  enum Identity: Sendable {
    case files(certificate: String, key: String)
    case credential(Credential)
  }

  struct Answer: Sendable {
    let status: Int
    let body: Data

    /// The decoded body; nil if it cannot be decoded.
    func decoded<Value: Decodable>(_: Value.Type = Value.self) -> Value? {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      return try? decoder.decode(Value.self, from: body)
    }
  }

  /// - Parameter path: begins with a slash; characters other than letters, digits and `-._~/` are escaped.
  /// - Throws: ``SourceError``.
  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: (some Encodable)? = String?.none
  ) async throws -> Answer {
    var fields = Fields()
    for (name, value) in headers { fields.append(name, value) }
    var content = RequestBody.none
    if let body {
      fields.append("Content-Type", "application/json")
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      content = .bytes(Array(try encoder.encode(body)))
    }
    guard let target = WebAddress(address.url + Self.escaped(path)) else {
      throw SourceError(
        "no connection to \(name): its address is not understood", hint: "write it as https://HOST:PORT",
        isTransient: false)
    }
    var client = Client(tls: target.isSecure ? try tls() : nil)
    client.limit = timeout
    client.message.body = limit
    do throws(ClientError) {
      let response = try await client.send(Method(method), to: target, fields: fields, body: content)
      return Answer(status: response.status.code, body: Data(response.body))
    } catch .cancelled {
      throw CancellationError()
    } catch {
      throw refusal(error)
    }
  }

  private func tls() throws -> TLSContext {
    let trust = try authority.map { TLSTrust.authorities(try certificates(in: $0)) } ?? .system
    let own: TLSIdentity?
    switch identity {
    case .files(let certificate, let key):
      own = TLSIdentity(chain: try certificates(in: certificate), key: try self.key(in: key))
    case .credential(let credential): own = try credential.tlsIdentity
    case nil: own = nil
    }
    do throws(TLSError) {
      return try .client(trusting: trust, identity: own, protocols: ["http/1.1"])
    } catch {
      throw refusal(.network(.tls(error)))
    }
  }

  private func certificates(in file: String) throws -> [Certificate] {
    guard let text = try? FileContents.read(file), let certificates = try? Certificate.all(pem: text),
      !certificates.isEmpty
    else { throw unreadable(file) }
    return certificates
  }

  private func key(in file: String) throws -> Cryptography.PrivateKey {
    guard let text = try? FileContents.readText(file), let key = try? Credentials.PrivateKey(pem: text)
    else { throw unreadable(file) }
    return key.forTLS
  }

  private func unreadable(_ file: String) -> SourceError {
    SourceError(
      "\(name): \(file) cannot be read as PEM", hint: "check that the file is there and complete",
      isTransient: true)
  }

  // MARK: - Errors

  /// The error as a message about the source.
  private func refusal(_ error: ClientError) -> SourceError {
    switch error {
    case .tooLarge:
      SourceError(
        "\(name) answers with more than \(limit) bytes", hint: "is this the right address?",
        isTransient: true)
    case .timedOut: slow
    case .closedEarly: noConnection("it is closed at once")
    case .cutOff:
      SourceError(
        "the connection to \(name) ended in the middle of its answer",
        hint: "does a proxy between end slow transfers, or was the server stopped?", isTransient: true)
    case .malformed: noConnection("it is not HTTP")
    case .unwritable, .cancelled: noConnection("\(error)")
    case .network(let error): refusal(error)
    }
  }

  private func refusal(_ error: NetworkError) -> SourceError {
    switch error {
    case .tls(let error): refusal(error)
    case .timedOut: slow
    case .refused: noConnection("it is refused")
    case .unreachable: noConnection("it is unreachable")
    case .nameUnknown: noConnection("its name is not known")
    case .reset, .ended, .closed: noConnection("it is closed at once")
    // A name with several addresses: the first says the most of what the others have too.
    case .allAddressesFailed(let errors): errors.first.map(refusal) ?? noConnection("\(error)")
    case .addressInUse, .cannotListen, .cancelled, .loopStopped, .system: noConnection("\(error)")
    }
  }

  private func refusal(_ error: TLSError) -> SourceError {
    switch error {
    case .wrongName:
      SourceError(
        "the certificate of \(name) is for another host",
        hint: "use the host that the certificate names, or give the server one for this address",
        isTransient: false)
    case .unknownAuthority:
      SourceError(
        "no trusted authority has issued the certificate of \(name)",
        hint: "name the file of its authority as 'ca'", isTransient: false)
    case .expired:
      SourceError(
        "\(name): \(error)",
        hint: "renew it there; if it is not that old, compare the clocks of both machines", isTransient: true)
    case .notYetValid:
      SourceError("\(name): \(error)", hint: "compare the clocks of both machines", isTransient: true)
    case .badCertificate:
      SourceError(
        "\(name): \(error)",
        hint: "give the server a certificate with the extended key usage serverAuth from an authority",
        isTransient: false)
    case .certificateRefused(let alert):
      SourceError(
        "\(name) closes the connection: \(Self.words(alert))",
        hint: "does it trust the authority that issued it?", isTransient: false)
    case .notTLS, .protocolVersion: noConnection("it does not use TLS")
    case .closedInHandshake, .truncated: noConnection("it is closed at once")
    case .refused, .noClientCertificate, .unusable, .other: noConnection("\(error)")
    }
  }

  private var slow: SourceError {
    SourceError(
      "\(name) does not answer in time", hint: "check that it is running and reachable from here",
      isTransient: true)
  }

  private func noConnection(_ reason: String) -> SourceError {
    SourceError(
      "no connection to \(name): \(reason)", hint: "check that it is running and reachable from here",
      isTransient: true)
  }

  private static func words(_ alert: TLSAlert) -> String {
    switch alert {
    case .certificateRequired: "it requires a client certificate"
    case .unknownAuthority: "it does not trust our certificate"
    case .certificateExpired: "our certificate has expired"
    case .certificateRevoked: "our certificate is revoked"
    default: "it does not accept our certificate"
    }
  }

  private static func escaped(_ path: String) -> String {
    PercentEncoding.encode(path) { PercentEncoding.isUnreserved($1) || $1 == UInt8(ascii: "/") }
  }
}

/// Text from a source for a message: on one line, at most 200 characters, and without the secret that was
/// sent.
func sourceWords(_ text: String, hiding secret: String?) -> String {
  var text = text
  if let secret, !secret.isEmpty { text = text.replacing(secret, with: "…") }
  let shown = text.unicodeScalars.map { $0.isInvisible ? " " : String($0) }
  return shown.prefix(200).joined().trimmed
}
