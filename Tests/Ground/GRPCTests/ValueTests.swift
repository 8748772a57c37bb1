import Testing

@testable import GRPC

@Suite("Values of headers")
struct ValueTests {
  @Test(
    "a deadline has eight digits at most and is not rounded down",
    arguments: [
      (Duration.seconds(8), "8000m"), (.milliseconds(1), "1m"), (.microseconds(1), "1m"), (.zero, "1m"),
      (.milliseconds(300), "300m"), (.seconds(99_998), "99998000m"), (.seconds(100_000), "100000S"),
      (.seconds(1 << 40), "99999999S"), (.microseconds(1_500), "2m"), (.seconds(-5), "1m"),
    ])
  func timeouts(timeout: Duration, value: String) {
    #expect(TimeoutHeader.value(of: timeout) == value)
    #expect(value.count <= 9)
  }

  @Test("a status has the name that gRPC gives it")
  func names() {
    #expect(
      GRPCStatus.allCases.prefix(5).map(\.name) == [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED",
      ])
    #expect(GRPCStatus.internal.name == "INTERNAL")
  }

  @Test("a server's words add no line to a message")
  func oneLine() {
    let error = GRPCError(.unknown, "x\nerror: all is fine\r\nhint: \u{202e}abc", processing: .answered)
    #expect(error.message == "x\\u{a}error: all is fine\\u{d}\\u{a}hint: \\u{202e}abc")
  }

  @Test("messages that wait keep their order")
  func queue() {
    var queue = MessageQueue()
    var (next, taken) = (UInt32(0), UInt32(0))
    for round in 0..<200 {
      for _ in 0..<round {
        queue.append(Frame.fourBytes(next))
        next += 1
      }
      for _ in 0..<round / 2 {
        #expect(queue.takeFirst() == Frame.fourBytes(taken))
        taken += 1
      }
    }
    while let message = queue.takeFirst() {
      #expect(message == Frame.fourBytes(taken))
      taken += 1
    }
    #expect(taken == next)
  }
}
