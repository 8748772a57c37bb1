/// What is wrong with bytes that should be a message.
package enum ProtobufError: Error, Hashable, Sendable {
  /// A value goes on beyond the end of its message.
  case truncated
  /// A variable-length integer has more than ten bytes or more than 64 bits.
  case overlongInteger
  /// A field's number is 0 or above 536,870,911.
  case fieldNumber(UInt64)
  /// Unknown wire type.
  case unknownWireType(UInt8)
  /// A field that is known has a wire type that it cannot have.
  case wrongWireType(field: UInt32)
  /// A string's bytes are not UTF-8.
  case notUTF8(field: UInt32)
  /// A group ends that was not begun, or one that was begun does not end.
  case unbalancedGroup
  /// Messages or groups stand in each other more than ``ProtobufReader/deepest`` times.
  case tooDeep
}

extension ProtobufError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated: "the message is cut off"
    case .overlongInteger: "an integer of the message has more than 64 bits"
    case .fieldNumber(let number): "the message has a field with the number \(number)"
    case .unknownWireType(let type): "the message has a field of the unknown wire type \(type)"
    case .wrongWireType(let field): "field \(field) of the message has another type than expected"
    case .notUTF8(let field): "the text in field \(field) of the message is not UTF-8"
    case .unbalancedGroup: "a group of the message has no start or no end"
    case .tooDeep: "the message is nested too deeply"
    }
  }
}
