import Network

/// A request that was sent and its answer, as far as that has come. It belongs to its loop's thread.
final class ClientExchange {
  private let limits: MessageLimits
  private let timer: LoopTimer
  private let continuation: CheckedContinuation<Result<Response, ClientError>, Never>
  private var reader: ResponseReader
  private var response: Response?
  private(set) var keepsAlive = false

  init(
    _ method: Method, _ limits: MessageLimits, timer: LoopTimer,
    _ continuation: CheckedContinuation<Result<Response, ClientError>, Never>
  ) {
    self.limits = limits
    self.timer = timer
    self.continuation = continuation
    reader = ResponseReader(to: method, limits)
  }

  /// Whether its header has come.
  var hasBegun: Bool { response != nil }

  func receive(_ bytes: RawSpan) { reader.receive(bytes) }

  /// Reads what has come.
  /// - Returns: whether the answer is whole.
  func advance() throws(ClientError) -> Bool {
    do throws(MessageFault) {
      while let event = try reader.next() {
        switch event {
        case .head(let head):
          response = Response(head.status, fields: head.fields)
          keepsAlive = head.version.keepsAlive(head.fields)
        case .body(let piece): response?.body += piece
        case .end:
          // What comes after an answer belongs to nothing that was asked.
          if reader.hasUnread { keepsAlive = false }
          return true
        }
      }
      return false
    } catch {
      throw error.status == .contentTooLarge ? .tooLarge(limit: limits.body) : .malformed(error)
    }
  }

  func succeed() {
    timer.cancel()
    continuation.resume(returning: response.map { .success($0) } ?? .failure(.closedEarly))
  }

  func fail(_ error: ClientError) {
    timer.cancel()
    continuation.resume(returning: .failure(error))
  }

  /// The server sends no more, which ends an answer that has no other end.
  func close() {
    if (try? reader.close()) != nil { succeed() } else { fail(hasBegun ? .cutOff : .closedEarly) }
  }
}
