import Etcd
import Terminal

extension Console {
  /// Reports what is unusual in the members and in the endpoints of the file.
  static func note(_ members: ClusterMembers) {
    for found in members.notes { note("note: \(found.description)") }
  }
}
