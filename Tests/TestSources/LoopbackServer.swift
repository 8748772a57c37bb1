import Certificates
import Hummingbird
import HummingbirdTLS
import Logging
import NIOSSL
import ServiceLifecycle

/// A TLS server on 127.0.0.1 that stops after the test.
enum LoopbackServer {
  private struct NoPort: Error {}

  /// - Parameter body: Runs while the server runs; gets its port.
  static func run<Responder: HTTPResponder, Result: Sendable>(
    _ responder: Responder, tls: TLSConfiguration, _ body: (Int) async throws -> Result
  ) async throws -> Result where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let silent = Logger(label: "double") { _ in SwiftLogNoOpLogHandler() }
    let application = Application(
      responder: responder, server: try .tls(tlsConfiguration: tls),
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: silent)
    let group = ServiceGroup(services: [application], logger: silent)
    let running = Task { try await group.run() }
    do {
      guard let number = await ports.first(where: { _ in true }) else { throw NoPort() }
      let result = try await body(number)
      running.cancel()
      _ = try? await running.value
      return result
    } catch {
      running.cancel()
      _ = try? await running.value
      throw error
    }
  }

  /// - Parameter clients: The authority of accepted client certificates; nil to request none.
  static func tls(_ own: Credential, clients: Authority? = nil) throws -> TLSConfiguration {
    func certificates(_ pem: String) throws -> [NIOSSLCertificate] {
      try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8))
    }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try certificates(own.certificatePEM).map { .certificate($0) },
      privateKey: .privateKey(
        try NIOSSLPrivateKey(bytes: Array(own.key.secretPEM().utf8), format: .pem)))
    if let clients {
      tls.trustRoots = .certificates(try certificates(clients.certificatePEM))
      tls.certificateVerification = .optionalVerification
    }
    return tls
  }
}
