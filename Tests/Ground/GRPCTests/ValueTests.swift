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

  @Test(
    "what is badly encoded is shown as it came",
    arguments: [
      ("", ""), ("plain", "plain"), ("a%20b", "a b"), ("%e2%82%AC", "€"), ("%", "%"), ("%2", "%2"),
      ("%2g", "%2g"),
      ("%%20", "% "), ("50%", "50%"),
    ])
  func messages(encoded: String, decoded: String) {
    #expect(PercentEncoding.decode(encoded.utf8) == decoded)
  }
}
