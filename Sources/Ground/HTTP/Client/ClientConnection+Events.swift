import Cryptography
import Network

/// What happens on the loop's thread.
extension ClientConnection {
  /// Ends the connection, and what waits for it.
  func fail(_ error: ClientError) {
    if end == nil { end = error }
    if let connection {
      self.connection = nil
      connection.abort()
    }
    opened(.failure(error))
    endSending()
    exchange?.fail(error)
    exchange = nil
  }

  private func opened(_ result: Result<Void, ClientError>) {
    opener?.cancel()
    opener = nil
    opening?.resume(returning: result)
    opening = nil
  }

  private func advance() {
    guard let exchange else { return fail(.network(.closed)) }
    do throws(ClientError) {
      guard try exchange.advance() else { return }
      self.exchange = nil
      // After an answer that came before all was sent, the server cannot find the next request.
      let isSent = sender == nil && connection?.waitingCount == 0
      endSending()
      if !exchange.keepsAlive || !isSent {
        connection?.close()
        connection = nil
        end = .network(.closed)
      }
      exchange.succeed()
    } catch {
      fail(error)
    }
  }
}

extension ClientConnection: ConnectionHandler {
  package func opened(_ connection: Connection) {
    opened(.success(()))
  }

  package func becameWritable(_ connection: Connection) {
    waiting?.resume()
    waiting = nil
  }

  package func received(_ bytes: RawSpan, on connection: Connection) {
    // Nothing was asked: what comes now would be taken for the answer to what is asked next.
    guard let exchange, self.connection != nil else { return fail(.network(.closed)) }
    exchange.receive(bytes)
    advance()
  }

  package func peerFinished(_ connection: Connection) {
    guard let exchange else { return fail(.network(.ended)) }
    self.connection = nil
    connection.close()
    endSending()
    self.exchange = nil
    end = .closedEarly
    exchange.close()
  }

  package func closed(_ connection: Connection, because error: NetworkError?) {
    self.connection = nil
    switch error {
    case nil, .ended, .reset, .tls(.truncated):
      if exchange?.hasBegun == true { return fail(.cutOff) }
      fail(error == .ended ? .closedEarly : error.map { .network($0) } ?? .closedEarly)
    case .some(let error): fail(.network(error))
    }
  }
}
