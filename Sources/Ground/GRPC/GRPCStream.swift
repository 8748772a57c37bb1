import Network

/// A call with messages in both directions, beside others on the same connection.
///
/// Messages that come wait until they are asked for, and a server that sends more than the stream's window holds has to
/// wait: who does not read blocks no other call. One task reads at a time.
package final class GRPCStream: Sendable {
  private let loop: EventLoop
  private let driver: ChannelDriver
  private let inbox: Confined<StreamInbox>

  init(_ request: GRPCRequest, driver: ChannelDriver) {
    (self.driver, loop) = (driver, driver.loop)
    let inbox = Confined(StreamInbox(), to: driver.loop)
    self.inbox = inbox
    let deadline = request.timeout.map { ContinuousClock.now + $0 }
    loop.execute { inbox.take().begin(request, deadline: deadline, driver: driver) }
  }

  /// Sends a message, after those before it.
  package func send(_ message: [UInt8]) {
    let framed = MessageFraming.frame(message)
    loop.execute { [inbox] in inbox.take().send(framed, isLast: false) }
  }

  /// Says that no other message follows. Some servers end the call then, others do not.
  package func finishSending() {
    loop.execute { [inbox] in inbox.take().send([], isLast: true) }
  }

  /// Gives the call up; the server is told.
  package func cancel() {
    loop.execute { [inbox] in inbox.take().cancel() }
  }

  /// Waits for the next message.
  /// - Returns: nil when the server has ended the call without an error.
  /// - Throws: ``GRPCError``; `cancelled` as soon as the task is cancelled, and with it the call.
  package func next() async throws(GRPCError) -> [UInt8]? {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation {
        (continuation: CheckedContinuation<Result<[UInt8]?, GRPCError>, Never>) in
        let isTaken = loop.execute { [inbox] in
          inbox.take().next { continuation.resume(returning: $0) }
        }
        if !isTaken { continuation.resume(returning: .failure(GRPCChannel.stopped)) }
      }
    } onCancel: {
      cancel()
    }
    return try result.get()
  }
}

/// The messages of one stream that were not read yet. It belongs to the loop's thread.
private final class StreamInbox {
  private var driver: ChannelDriver?
  private var call: Call?
  private var messages = MessageQueue()
  private var end: Result<Void, GRPCError>?
  private var reader: ((Result<[UInt8]?, GRPCError>) -> Void)?

  func begin(_ request: GRPCRequest, deadline: ContinuousClock.Instant?, driver: ChannelDriver) {
    let call = Call(
      request, framed: [], isComplete: false, answer: .many { [weak self] in self?.received($0) },
      deadline: deadline)
    (self.call, self.driver) = (call, driver)
    // The call keeps this alive until it is over.
    driver.begin(call) { [self] result in ended(result.map { _ in }) }
  }

  func send(_ framed: [UInt8], isLast: Bool) {
    guard let call else { return }
    driver?.turn()?.send(framed, isLast: isLast, for: call)
  }

  func cancel() {
    guard let call else { return }
    driver?.turn()?.cancel(call)
  }

  func next(_ reader: @escaping (Result<[UInt8]?, GRPCError>) -> Void) {
    // Who reads twice at a time gets an error and no message that the other waits for.
    guard self.reader == nil else {
      return reader(
        .failure(GRPCError(.failedPrecondition, "another task is already reading", processing: .maybe)))
    }
    if let message = messages.takeFirst() {
      if let call { driver?.turn()?.taken(messageOf: message.count, by: call) }
      return reader(.success(message))
    }
    if let end { return reader(end.map { nil }) }
    self.reader = reader
    if let call { driver?.turn()?.waitsForMessage(call) }
  }

  private func received(_ message: [UInt8]) {
    guard let reader else { return messages.append(message) }
    self.reader = nil
    reader(.success(message))
  }

  private func ended(_ result: Result<Void, GRPCError>) {
    (end, call, driver) = (result, nil, nil)
    guard let reader else { return }
    self.reader = nil
    reader(result.map { nil })
  }
}

/// Messages in the order in which they came. Taking one costs the same however many wait: a server chooses their number,
/// because an empty one takes nothing from the stream's window but its prefix.
struct MessageQueue {
  private var messages: [[UInt8]] = []
  private var taken = 0

  mutating func append(_ message: [UInt8]) { messages.append(message) }

  mutating func takeFirst() -> [UInt8]? {
    guard taken < messages.count else { return nil }
    defer { if taken > 64, taken > messages.count / 2 { drop() } }
    taken += 1
    return messages[taken - 1]
  }

  private mutating func drop() {
    messages.removeFirst(taken)
    taken = 0
  }
}
