/// A file as it has to lie on a node.
public struct NodeFile: Hashable, Sendable {
  /// Absolute, on the node.
  public let path: String
  public let bytes: [UInt8]
  /// Permission bits.
  public let mode: UInt32
  public let owner: String
  public let group: String

  public init(path: String, bytes: [UInt8], mode: UInt32, owner: String = "root", group: String = "root") {
    self.path = path
    self.bytes = bytes
    self.mode = mode
    self.owner = owner
    self.group = group
  }
}
