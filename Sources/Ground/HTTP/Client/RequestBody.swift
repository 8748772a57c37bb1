/// What is sent after a request's header.
package enum RequestBody: Sendable {
  case none
  case bytes([UInt8])
  /// In chunks, as they come; what comes after the answer is not sent.
  case stream(AsyncStream<[UInt8]>)
}
