import Network
import Testing

@Suite struct PlainConnectionTests {
  @Test(arguments: ["127.0.0.1", "::1", "localhost"])
  func aServerEchoesWhatAClientSays(host: String) async throws {
    let loop = try EventLoop()
    let listener = try await Listener.listen(on: host, port: 0, loop: loop) { _ in Echo() }
    let client = try await AsyncConnection.connect(to: host, port: listener.address.port, on: loop)
    try await client.write(Array("hello".utf8))
    #expect(try await client.read() == Array("hello".utf8))
    client.finishWriting()
    #expect(try await client.read() == nil)
    client.close()
    listener.close()
    await loop.stop()
  }

  @Test func aPortWithoutAServerRefuses() async throws {
    let loop = try EventLoop()
    let listener = try await Listener.listen(on: "127.0.0.1", port: 0, loop: loop) { _ in nil }
    let address = listener.address
    listener.close()
    _ = try await loop.run { () throws(NetworkError) in true }
    await #expect(throws: NetworkError.refused(address)) {
      _ = try await AsyncConnection.connect(to: address.host, port: address.port, on: loop)
    }
    await loop.stop()
  }
}

/// Says back what it hears, and ends when its peer does.
final class Echo: ConnectionHandler {
  func opened(_ connection: Connection) {}
  func received(_ bytes: RawSpan, on connection: Connection) { connection.write(bytes) }
  func closed(_ connection: Connection, because error: NetworkError?) {}
}
