import Hummingbird
import NIOCore
import NIOSSL

/// The connection's part of a request.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// The client's address.
  var client: String { channel.remoteAddress?.ipAddress ?? "unknown" }

  /// The client's certificate in DER.
  var clientCertificate: [UInt8]? {
    get async throws { try await channel.nioSSL_peerCertificate().get()?.toDERBytes() }
  }
}
