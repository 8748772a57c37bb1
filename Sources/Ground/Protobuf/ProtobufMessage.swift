/// A message that can be written: one that is sent.
package protocol ProtobufWritable: Sendable {
  /// Writes every field that differs from its default, in the order of the fields' numbers.
  func write(to writer: inout ProtobufWriter)
}

/// A message that can be read: one that is received.
package protocol ProtobufReadable: Sendable {
  /// A message all of whose fields have their defaults.
  init()

  /// Takes the value of one field from the reader. A field that it leaves alone is skipped: messages may have fields
  /// that were added after this code was written.
  /// - Throws: what the reader throws.
  mutating func read(_ field: UInt32, from reader: inout ProtobufReader) throws(ProtobufError)
}

extension ProtobufWritable {
  /// The message's bytes.
  package var protobuf: [UInt8] {
    var writer = ProtobufWriter()
    write(to: &writer)
    return writer.bytes
  }
}

extension ProtobufReadable {
  /// Reads a whole message.
  /// - Throws: ``ProtobufError`` unless every byte belongs to a well-formed field.
  package init(protobuf bytes: [UInt8]) throws(ProtobufError) {
    self.init()
    var reader = ProtobufReader(bytes)
    try merge(from: &reader)
  }

  /// Reads the fields that are left in the reader. Of a scalar that comes twice the last value counts, a message that
  /// comes twice is merged (Protocol Buffers, "Encoding", "Last One Wins").
  mutating func merge(from reader: inout ProtobufReader) throws(ProtobufError) {
    while let field = try reader.nextField() { try read(field, from: &reader) }
  }
}
