import Testing

@testable import GRPC

/// A channel's machine with surroundings that do what a test says, and a clock that goes when it says.
final class FakeServer: ChannelSurroundings {
  private(set) var machine: ChannelMachine!
  private(set) var links: [Link] = []
  private(set) var closed: [Link] = []
  private(set) var wakes: [ContinuousClock.Instant] = []
  private var sent: [ObjectIdentifier: [UInt8]] = [:]
  let start = ContinuousClock.now

  init(options: ChannelMachine.Options = .init()) {
    machine = ChannelMachine(scheme: "https", authority: "h:1", options: options, surroundings: self)
    machine.now = start
  }

  // MARK: - what the machine does

  func connect(_ link: Link) { links.append(link) }
  func send(_ bytes: [UInt8], over link: Link) { sent[ObjectIdentifier(link), default: []] += bytes }
  func close(_ link: Link) { closed.append(link) }
  func wake(at time: ContinuousClock.Instant) { wakes.append(time) }

  // MARK: - what happens to it

  /// How long it is since the start.
  var elapsed: Duration { machine.now - start }

  /// Lets time pass, waking the machine whenever it asked for it.
  func pass(_ duration: Duration) {
    let end = machine.now + duration
    var count = 0
    while let next = wakes.min(), next <= end {
      wakes.removeAll { $0 <= next }
      // What is due already is due at once.
      machine.now = max(machine.now, next)
      machine.timePassed()
      machine.flush()
      count += 1
      guard count < 100_000 else {
        Issue.record("the machine wants to be woken without end")
        return
      }
    }
    machine.now = end
    machine.flush()
  }

  func call(
    timeout: Duration? = .seconds(30), isRepeatable: Bool = false, answer: (([UInt8]) -> Void)? = nil,
    finish: @escaping (Result<[UInt8], GRPCError>) -> Void
  ) -> Call {
    let call = Call(
      GRPCRequest(path: "/s/m", timeout: timeout, isRepeatable: isRepeatable),
      framed: MessageFraming.frame([1]), isComplete: true,
      answer: answer.map { .many($0) } ?? .one, deadline: timeout.map { machine.now + $0 })
    call.begin(finish)
    machine.start(call)
    machine.flush()
    return call
  }

  /// What came of a call that is started now.
  func start(timeout: Duration? = .seconds(30), isRepeatable: Bool = false) -> Outcome {
    let outcome = Outcome()
    outcome.call = call(timeout: timeout, isRepeatable: isRepeatable) { [weak outcome] in
      outcome?.results.append($0)
    }
    return outcome
  }

  final class Outcome {
    var call: Call!
    var results: [Result<[UInt8], GRPCError>] = []
    var stream: Int32 { call.exchange?.stream ?? -1 }

    var error: GRPCError? {
      guard case .failure(let error)? = results.first, results.count == 1 else { return nil }
      return error
    }
    var answer: [UInt8]? {
      guard case .success(let answer)? = results.first, results.count == 1 else { return nil }
      return answer
    }
  }

  var last: Link { links[links.count - 1] }

  /// The server takes the last attempt, and sends its settings.
  func accept(_ link: Link? = nil) {
    let link = link ?? last
    machine.connected(link)
    machine.flush()
    receive(.settings(), over: link)
  }

  func receive(_ frames: Frame..., over link: Link? = nil) {
    let bytes = frames.flatMap(\.bytes)
    bytes.withUnsafeBytes { machine.received($0, over: link ?? last) }
    machine.flush()
  }

  func answer(_ outcome: Outcome, over link: Link? = nil) {
    let stream = outcome.stream
    receive(.answer(stream: stream), .message([7], stream: stream), .trailers(stream: stream), over: link)
  }

  func lose(_ link: Link? = nil, _ words: String = "the peer reset the connection") {
    machine.ended(link ?? last, GRPCError(.unavailable, words, processing: .surelyNot))
    machine.flush()
  }

  /// The frames that were sent over a connection since they were last looked at.
  func frames(_ link: Link? = nil) -> [Frame] {
    let bytes = sent.removeValue(forKey: ObjectIdentifier(link ?? last)) ?? []
    let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    return Frame.all(in: bytes.starts(with: preface) ? Array(bytes.dropFirst(preface.count)) : bytes)
  }
}
