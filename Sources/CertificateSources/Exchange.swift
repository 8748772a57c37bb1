import AsyncHTTPClient
import Certificates
import Foundation
import NIOCore
import NIOSSL

/// Requests to a source over HTTPS, each with its own connection: an agent sends a few a day. Files with
/// authorities and certificates are read for each request.
struct Exchange: Sendable {
  /// For messages.
  let name: String
  let address: SourceAddress
  /// A file in PEM; nil for the authorities that the system trusts.
  let authority: String?
  /// The timeout for a request and its complete answer.
  let timeout: Duration
  /// The client certificate.
  var identity: Identity?

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

  /// The size limit of an answer: 1 MiB.
  private static let limit = 1 << 20

  /// - Parameter path: begins with a slash; characters other than letters, digits and `-._~/` are escaped.
  /// - Throws: ``SourceError``.
  func send(
    _ method: String, _ path: String, headers: [String: String] = [:], body: (some Encodable)? = String?.none
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: address.url + Self.escaped(path))
    request.method = .RAW(value: method)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body {
      request.headers.add(name: "Content-Type", value: "application/json")
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      request.body = .bytes(ByteBuffer(bytes: try encoder.encode(body)))
    }
    do {
      return try await withClient(request)
    } catch let error as SourceError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      throw refusal(error)
    }
  }

  private func withClient(_ request: HTTPClientRequest) async throws -> Answer {
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: try tls(), redirectConfiguration: .disallow,
      timeout: .init(connect: .seconds(10), read: .seconds(10)))
    configuration.httpVersion = .http1Only
    // Otherwise the client retries until the timeout; the agent decides when to retry.
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(configuration: configuration)
    do {
      let answer = try await withThrowingTaskGroup(of: Answer?.self) { group in
        group.addTask {
          let response = try await client.execute(request, deadline: .distantFuture)
          let body = try await response.body.collect(upTo: Self.limit)
          return Answer(status: Int(response.status.code), body: Data(body.readableBytesView))
        }
        group.addTask { [timeout] in
          try await Task.sleep(for: timeout)
          return nil
        }
        defer { group.cancelAll() }
        return try await group.next().flatMap { $0 }
      }
      try? await client.shutdown()
      guard let answer else { throw HTTPClientError.deadlineExceeded }
      return answer
    } catch {
      try? await client.shutdown()
      throw error
    }
  }

  private func tls() throws -> TLSConfiguration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let authority { tls.trustRoots = .certificates(try certificates(in: authority)) }
    switch identity {
    case .files(let certificate, let key):
      tls.certificateChain = try certificates(in: certificate).map { .certificate($0) }
      do {
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
      } catch {
        throw unreadable(key)
      }
    case .credential(let credential):
      tls.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(credential.certificatePEM.utf8))
        .map { .certificate($0) }
      tls.privateKey = .privateKey(
        try NIOSSLPrivateKey(bytes: Array(credential.key.secretPEM().utf8), format: .pem))
    case nil: break
    }
    return tls
  }

  private func certificates(in file: String) throws -> [NIOSSLCertificate] {
    guard let certificates = try? NIOSSLCertificate.fromPEMFile(file), !certificates.isEmpty else {
      throw unreadable(file)
    }
    return certificates
  }

  private func unreadable(_ file: String) -> SourceError {
    SourceError(
      "\(name): \(file) cannot be read as PEM", hint: "check that the file is there and complete",
      isTransient: true)
  }

  /// Converts errors of the library to messages about the source.
  private func refusal(_ error: any Error) -> SourceError {
    switch error {
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      SourceError(
        "the certificate of \(name) is for another host",
        hint: "use the host that the certificate names, or give the server one for this address",
        isTransient: false)
    case is NIOTooManyBytesError:
      SourceError(
        "\(name) answers with more than \(Self.limit) bytes", hint: "is this the right address?",
        isTransient: true)
    case let error as HTTPClientError where Self.slow.contains(error):
      SourceError(
        "\(name) does not answer in time", hint: "is it up, and is there a way to it from here?",
        isTransient: true)
    default:
      if "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
        SourceError(
          "the certificate of \(name) is of no authority that is trusted here",
          hint: "name the file of its authority as 'ca'", isTransient: false)
      } else if let reason = Self.reason(error, in: Self.refusals) {
        SourceError(
          "\(name) closes the connection: \(reason)", hint: "does it trust the authority that issued it?",
          isTransient: false)
      } else {
        SourceError(
          "no connection to \(name): \(Self.reason(error, in: Self.accidents) ?? "\(type(of: error))")",
          hint: "is it up, and is there a way to it from here?", isTransient: true)
      }
    }
  }

  private static let slow: [HTTPClientError] = [
    .connectTimeout, .readTimeout, .deadlineExceeded, .tlsHandshakeTimeout, .writeTimeout,
  ]

  private static func reason(_ error: any Error, in words: [(sign: String, reason: String)]) -> String? {
    let text = "\(error)"
    return words.first { text.localizedCaseInsensitiveContains($0.sign) }?.reason
  }

  /// TLS alerts about the client's certificate, recognised by BoringSSL's names.
  private static let refusals = [
    ("CERTIFICATE_REQUIRED", "it wants a certificate"), ("UNKNOWN_CA", "it does not trust our certificate"),
    ("BAD_CERTIFICATE", "it does not take our certificate"),
    ("CERTIFICATE_EXPIRED", "it says that our certificate has expired"),
    ("CERTIFICATE_REVOKED", "it says that our certificate was revoked"),
    ("CERTIFICATE_UNKNOWN", "it does not take our certificate"),
  ]

  private static let accidents = [
    ("connection refused", "it is refused"), ("unreachable", "there is no way to it"),
    ("UnknownHost", "its name is not known"), ("remoteConnectionClosed", "it is closed at once"),
    ("reset by peer", "it is closed at once"), ("uncleanShutdown", "it is closed at once"),
    ("WRONG_VERSION_NUMBER", "it does not speak TLS"), ("HTTPParserError", "it is not HTTP"),
  ]

  private static let plain = CharacterSet(
    charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")

  private static func escaped(_ path: String) -> String {
    path.addingPercentEncoding(withAllowedCharacters: plain) ?? path
  }
}

/// Text from a source for a message: on one line, at most 200 characters, and without the secret that was
/// sent.
func sourceWords(_ text: String, hiding secret: String?) -> String {
  var text = text
  if let secret, !secret.isEmpty { text = text.replacing(secret, with: "…") }
  let shown = text.unicodeScalars.map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: " "
    default: String(scalar)
    }
  }
  return shown.prefix(200).joined().trimmingCharacters(in: .whitespaces)
}
