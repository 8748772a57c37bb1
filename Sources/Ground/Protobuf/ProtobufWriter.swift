/// Puts the fields of a message into bytes (Protocol Buffers, "Encoding").
///
/// A value that is its type's default is left out, as proto3 has it, unless its field belongs to a `oneof`: there the
/// presence of the field says which one was chosen (`evenIfDefault`).
package struct ProtobufWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  package init() {}

  package mutating func uint64(_ field: UInt32, _ value: UInt64, evenIfDefault: Bool = false) {
    guard value != 0 || evenIfDefault else { return }
    tag(field, .varint)
    varint(value)
  }

  /// `int64`, `int32` and enumerations: a negative value has ten bytes.
  package mutating func int64(_ field: UInt32, _ value: Int64, evenIfDefault: Bool = false) {
    uint64(field, UInt64(bitPattern: value), evenIfDefault: evenIfDefault)
  }

  package mutating func bool(_ field: UInt32, _ value: Bool, evenIfDefault: Bool = false) {
    uint64(field, value ? 1 : 0, evenIfDefault: evenIfDefault)
  }

  package mutating func fixed64(_ field: UInt32, _ value: UInt64, evenIfDefault: Bool = false) {
    guard value != 0 || evenIfDefault else { return }
    tag(field, .fixed64)
    for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  package mutating func fixed32(_ field: UInt32, _ value: UInt32, evenIfDefault: Bool = false) {
    guard value != 0 || evenIfDefault else { return }
    tag(field, .fixed32)
    for shift in stride(from: 0, to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  package mutating func bytes(_ field: UInt32, _ value: [UInt8], evenIfDefault: Bool = false) {
    guard !value.isEmpty || evenIfDefault else { return }
    tag(field, .delimited)
    varint(UInt64(value.count))
    bytes += value
  }

  package mutating func string(_ field: UInt32, _ value: String, evenIfDefault: Bool = false) {
    guard !value.isEmpty || evenIfDefault else { return }
    tag(field, .delimited)
    varint(UInt64(value.utf8.count))
    bytes += value.utf8
  }

  /// A message in this one: written if there is one, also if all of its fields have their defaults.
  package mutating func message(_ field: UInt32, _ message: (some ProtobufWritable)?) {
    guard let message else { return }
    delimited(field) { message.write(to: &$0) }
  }

  /// Messages in this one, a field for each.
  package mutating func messages(_ field: UInt32, _ messages: [some ProtobufWritable]) {
    for message in messages { self.message(field, message) }
  }

  /// Integers or enumerations in one packed field.
  package mutating func packed(_ field: UInt32, _ values: [Int64]) {
    guard !values.isEmpty else { return }
    delimited(field) { writer in for value in values { writer.varint(UInt64(bitPattern: value)) } }
  }

  // MARK: - what fields consist of

  private mutating func tag(_ field: UInt32, _ type: WireType) {
    varint(UInt64(field) << 3 | UInt64(type.rawValue))
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// The length stands before the contents and is known after them: one byte is kept free for it, and more are
  /// inserted where the contents turn out to be longer.
  private mutating func delimited(_ field: UInt32, _ contents: (inout ProtobufWriter) -> Void) {
    tag(field, .delimited)
    let place = bytes.count
    bytes.append(0)
    contents(&self)
    var length = ProtobufWriter()
    length.varint(UInt64(bytes.count - place - 1))
    bytes.replaceSubrange(place...place, with: length.bytes)
  }
}

/// How a field's value is delimited.
enum WireType: UInt8 {
  case varint = 0
  case fixed64 = 1
  case delimited = 2
  case startGroup = 3
  case endGroup = 4
  case fixed32 = 5
}
