import Hummingbird
import NIOCore
import NIOSSL

/// What is known of a request besides what it says.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  let channel: any Channel

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
  }

  /// The address that the connection comes from.
  var client: String { channel.remoteAddress?.ipAddress ?? "unknown" }

  /// The certificate that the client showed, in DER.
  var clientCertificate: [UInt8]? {
    get async throws { try await channel.nioSSL_peerCertificate().get()?.toDERBytes() }
  }
}
