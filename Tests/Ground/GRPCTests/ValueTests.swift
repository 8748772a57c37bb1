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
}
