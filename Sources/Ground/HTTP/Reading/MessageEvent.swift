/// What a reader finds in the bytes of a connection, in this order.
package enum MessageEvent<Head: Hashable & Sendable>: Hashable, Sendable {
  case head(Head)
  /// Bytes of the body; as many events as it takes.
  case body([UInt8])
  /// The message is whole; with the fields after a chunked body.
  case end(Fields)
}
