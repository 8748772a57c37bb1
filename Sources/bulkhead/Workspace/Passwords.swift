import Certificates
import Etcd
import FoundationEssentials
import Reconciliation
import Segmentation
import Terminal
import Verification

/// The users that log in with a password, because their client cannot authenticate with a certificate.
extension Workspace {
  /// For every user that has a password, each password that may be the right one.
  func passwordCandidates() throws -> [String: [String]] {
    Dictionary(
      uniqueKeysWithValues: try segmentation.passwordUsers.map { ($0, try passwords.candidates(of: $0)) })
  }

  /// The password login of a user; nil for a user that authenticates with its certificate.
  func login(of user: String) throws -> PasswordLogin? {
    guard segmentation[identity: user]?.login == .password else { return nil }
    return PasswordLogin(user: user, password: try usedPassword(of: user))
  }

  /// Gives users new passwords: writes each to a new file first, then to etcd, then replaces the old file.
  /// - Parameter users: Names of users in the file; if empty, all that have a password.
  func changePasswords(of users: [String], timeout: Duration, _ lockOption: LockOption) async throws {
    let users = try users.isEmpty ? segmentation.passwordUsers : users.map { try identity($0).user }
    if let user = users.first(where: { segmentation[identity: $0]?.login != .password }) {
      throw CommandError("'\(user)' has no password", hint: "it authenticates with its certificate")
    }
    let store = passwords
    try await EtcdClient.connect(
      to: file.etcd.endpoints, as: try administrator, timeout: timeout
    ) { etcd in
      try await lockOption.holdingLock(of: etcd) { lock in
        for user in users {
          let next = try store.stage(for: user)
          try await lock.check()
          try await Apply(etcd, password: { _ in next }).make(.changePassword(user))
          if try await etcd.isAuthEnabled() {
            guard try await etcd.passwordFault(ofUser: user, passwords: [next]) == nil else {
              throw CommandError(
                "etcd does not take the new password of '\(user)', which was created without one",
                hint: "'bulkhead apply' recreates the user")
            }
          }
          try store.promote(user)
          Console.note("\(user): the password is changed, the new one is in \(try store.file(of: user))")
        }
      }
    }
  }
}

extension Workspace {
  /// Warns of issued certificates whose holder would become a user that is to log in with a password.
  func warnOfCertificatesBesidePasswords() throws {
    let users = segmentation.passwordUsers
    guard !users.isEmpty, let ledger = try ledgerIfPresent() else { return }
    let now = Date()
    let abroad = Set(
      try ledger.entries().filter { $0.purpose == .client && $0.revokedAt == nil && $0.notAfter > now }
        .map(\.identity))
    for user in users where abroad.contains(user) {
      Console.note(
        """
        warning: '\(user)' logs in with a password, and a certificate of that name is valid too: its holder is the same user
        hint: 'bulkhead certs revoke \(user)', where the members read the list; or wait until it has expired
        """)
    }
  }
}
