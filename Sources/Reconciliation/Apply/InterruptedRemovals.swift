import Segmentation
import Text

/// The users in a file's record whose access an apply took away before it was killed, and that lack some of it.
///
/// While authentication is off, each client may write the record and name any user with any role there. So access is
/// given back only where that gives no client more than it may have: kube-apiserver of this file gets the role root, and
/// a deleted user that no file names is created again if only administrators may write the record.
struct InterruptedRemovals: Sendable {
  /// Those that get it back.
  private(set) var restorable: [Record.LeavingUser] = []
  /// Those that do not, with the reason.
  private(set) var refused: [Refused] = []

  struct Refused: Hashable, Sendable {
    let user: Record.LeavingUser
    /// Whether the user exists in etcd.
    let exists: Bool
    let reason: String

    /// A sentence for people.
    var words: String {
      "not given back: \(quoted(user.name)) lacks what an apply that was killed had taken away "
        + "(\(visible(user.roles.joined(separator: ", ")))), and \(visible(reason)); if a program needs it, give it back "
        + "with: \(visible(user.etcdctl(creating: !exists)))"
    }
  }

  init() {}

  /// - Parameters:
  ///   - leaving: Of the file's record.
  ///   - foreign: What other files manage.
  init(
    _ leaving: [Record.LeavingUser], in state: ClusterState, _ desired: DesiredState, foreign: Managed
  ) {
    for user in leaving {
      let current = state.users[user.name]
      if let current, current.roles.isSuperset(of: user.roles) { continue }
      let exists = current != nil
      if let reason = Self.obstacle(user, exists: exists, state, desired, foreign) {
        refused.append(Refused(user: user, exists: exists, reason: reason))
      } else {
        restorable.append(user)
      }
    }
  }

  /// Why a user does not get its access back; nil if it does.
  private static func obstacle(
    _ user: Record.LeavingUser, exists: Bool, _ state: ClusterState, _ desired: DesiredState,
    _ foreign: Managed
  ) -> String? {
    if foreign.users.contains(user.name) { return "it is a user of another file" }
    if let named = desired.users.first(where: { $0.name == user.name }) {
      return named.isAPIServer && user.roles == [Role.root]
        ? nil : "the file names it, and not as a kube-apiserver without the role root"
    }
    if exists { return "it exists and is not kube-apiserver of the file" }
    if user.staysAsUser { return "it was deleted meanwhile and the file does not name it" }
    return state.recordDoubt
  }
}
