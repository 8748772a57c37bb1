/// A file to be installed on a host, with its mode and owner.
package struct NodeFile: Hashable, Sendable {
  /// The absolute path on the host.
  package let path: String
  package let bytes: [UInt8]
  /// Permission bits.
  package let mode: UInt32
  package let owner: String
  package let group: String

  package init(path: String, bytes: [UInt8], mode: UInt32, owner: String = "root", group: String = "root") {
    self.path = path
    self.bytes = bytes
    self.mode = mode
    self.owner = owner
    self.group = group
  }
}
