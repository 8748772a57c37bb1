import Keyspace
import Text

/// Users whose access changes in the same way, such as those of the nodes.
struct AccessChangeGroup {
  enum Direction {
    case more, less
  }

  let users: [String]
  /// Empty if the users get, or lose, the role root.
  let changes: [CompareReport.Change]

  var isRoot: Bool { changes.isEmpty }

  /// `calico-node.a, calico-node.b, calico-node.c and 97 more`, each name as `format` returns it.
  func names(_ format: (String) -> String) -> String {
    users.prefix(3).map(format).joined(separator: ", ")
      + (users.count > 3 ? " and \(users.count - 3) more" : "")
  }

  /// In the order of the report; users without a change in this direction are left out.
  static func groups(_ report: CompareReport, _ direction: Direction) -> [AccessChangeGroup] {
    let changed = report.identities.compactMap { entry -> (user: String, changes: [CompareReport.Change])? in
      let isRoot = direction == .more ? entry.gainsRoot : entry.losesRoot
      let changes = direction == .more ? entry.gained : entry.lost
      return isRoot ? (entry.identity, []) : changes.isEmpty ? nil : (entry.identity, changes)
    }
    return changed.groupedInOrder(by: \.changes).map { changes, same in
      AccessChangeGroup(users: same.map(\.user), changes: changes)
    }
  }
}
