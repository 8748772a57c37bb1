import Cryptography
import Keyspace
import Text

/// The file that a record belongs to: what the file calls the cluster, and its `owner`, if it has one.
package struct RecordOwner: Codable, Hashable, Sendable {
  package let cluster: String
  /// Tells files of one cluster apart; nil if the file has no `owner`.
  package let file: String?

  package init(cluster: String, file: String? = nil) {
    self.cluster = cluster
    self.file = file
  }

  /// The key of the record: names may be long and contain any character, so it is a digest of them.
  var key: Key {
    let text = "\(cluster.utf8.count):\(cluster)\(file.map { "\($0.utf8.count):\($0)" } ?? "")"
    let digest = SHA256.hash(Array(text.utf8)).hexadecimal.prefix(32)
    return Key(OwnKeys.recordsPrefix.bytes + Array(digest.utf8))
  }
}

extension RecordOwner: CustomStringConvertible {
  package var description: String {
    "the file of cluster '\(cluster)'" + (file.map { " with owner '\($0)'" } ?? "")
  }
}
