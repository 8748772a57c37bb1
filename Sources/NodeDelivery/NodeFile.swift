/// A file that a host gets, with its mode and owner.
package struct NodeFile: Hashable, Sendable {
  /// How the file is put in its place (`OnHosts/put`).
  package enum Format: String, Sendable {
    /// The whole file is Bulkhead's.
    case whole
    /// The file may be the user's: only the keys for etcd change in it. Lines `KEY=VALUE`.
    case environment = "env"
    /// The same for `key = value` below one `[section]`.
    case sections = "ini"
    /// The same for the plugin of type `calico` in a CNI network configuration.
    case network = "cni"
    /// A file that kubespray links to its certificate for etcd, in ``KubesprayLayout/folder``.
    case kubespray
  }

  /// The absolute path on the host.
  package let path: String
  package let format: Format
  package let bytes: [UInt8]
  /// Permission bits.
  package let mode: UInt32
  package let owner: String
  package let group: String

  package init(
    path: String, format: Format = .whole, bytes: [UInt8], mode: UInt32, owner: String = "root",
    group: String = "root"
  ) {
    self.path = path
    self.format = format
    self.bytes = bytes
    self.mode = mode
    self.owner = owner
    self.group = group
  }

  /// The mode as for chmod.
  package var octalMode: String { "0\(String(mode, radix: 8))" }

  /// The path of its content in a bundle, relative to the site's folder. Settings are not where they lie on the host,
  /// because that file may have further content.
  var source: String {
    [.whole, .kubespray].contains(format) ? String(path.dropFirst()) : "settings\(path)"
  }
}
