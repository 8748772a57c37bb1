import GRPCCore
import GRPCNIOTransportHTTP2
import GRPCProtobuf
import SwiftProtobuf

import struct Endpoints.Endpoint

/// One HTTP/2 connection to one member.
struct Connection: Sendable {
  let endpoint: Endpoint
  let grpc: GRPCClient<HTTP2ClientTransport.Posix>

  /// - Parameter configure: Changes of the transport's settings.
  /// - Throws: ``EtcdError`` if a file of the credentials cannot be used.
  init(
    endpoint: Endpoint, credentials: ClientCredentials,
    configure: (inout HTTP2ClientTransport.Posix.Config) -> Void = { _ in }
  ) throws(EtcdError) {
    self.endpoint = endpoint
    do {
      let transport = try HTTP2ClientTransport.Posix(
        target: endpoint.target,
        transportSecurity: .mTLS(
          certificateChain: [.file(path: credentials.certificate, format: .pem)],
          privateKey: .file(path: credentials.key, format: .pem)
        ) { tls in
          tls.trustRoots = .certificates([.file(path: credentials.authority, format: .pem)])
        },
        config: .defaults { config in
          // A member that hangs is noticed by its silence; a call in flight then ends as unavailable.
          config.connection.keepalive = .init(
            time: .seconds(10), timeout: .seconds(5), allowWithoutCalls: false)
          config.backoff.initial = .milliseconds(200)
          config.backoff.max = .seconds(2)
          configure(&config)
        })
      grpc = GRPCClient(transport: transport)
    } catch {
      throw EtcdError(
        code: .badCredentials, operation: "connect", endpoint: endpoint.description,
        message: "cannot use \(credentials.certificate), its key or \(credentials.authority): \(error)")
    }
  }

  /// One unary call.
  func call<Request: Message, Response: Message>(
    _ method: MethodDescriptor, _ request: Request, operation: String, timeout: Duration, metadata: Metadata
  ) async throws(EtcdError) -> Response {
    var options = CallOptions.defaults
    options.timeout = timeout
    do {
      return try await grpc.unary(
        request: ClientRequest(message: request, metadata: metadata), descriptor: method,
        serializer: ProtobufSerializer<Request>(), deserializer: ProtobufDeserializer<Response>(),
        options: options
      ) { response in try response.message }
    } catch {
      throw EtcdError(error, operation: operation, endpoint: endpoint.description)
    }
  }
}

extension Endpoint {
  /// Where gRPC connects to. An address must be given as one: only then is the server certificate checked against
  /// its IP SANs, and a name against its DNS SANs.
  fileprivate var target: any ResolvableTarget {
    if isIPv4 { return .ipv4(address: host, port: port) }
    if isIPv6 { return .ipv6(address: host, port: port) }
    return .dns(host: host, port: port)
  }
}
