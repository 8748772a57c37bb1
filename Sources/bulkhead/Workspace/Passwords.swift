import Certificates
import Etcd
import Foundation
import Reconciliation
import Segmentation
import Verification

/// The users that log in with a password, because their client cannot show who it is by a certificate.
extension Workspace {
  /// Each password that may be right, for every user that has one.
  func passwordCandidates() throws -> [String: [String]] {
    Dictionary(
      uniqueKeysWithValues: try segmentation.passwordUsers.map { ($0, try passwords.candidates(of: $0)) })
  }

  /// How a user with a password logs in; nil for one that its certificate is enough for.
  func login(of user: String) throws -> PasswordLogin? {
    guard segmentation[identity: user]?.login == .password else { return nil }
    return PasswordLogin(user: user, password: try usedPassword(of: user))
  }

  /// Gives users new passwords, each first in a file of its own, then in etcd, then in the place of the old one.
  /// - Parameter users: Of the file's; where none is named, all that have a password.
  func changePasswords(of users: [String], timeout: Duration, _ lockOption: LockOption) async throws {
    let users = try users.isEmpty ? segmentation.passwordUsers : users.map { try identity($0).user }
    if let user = users.first(where: { segmentation[identity: $0]?.login != .password }) {
      throw Complaint("'\(user)' has no password", hint: "its certificate says who it is")
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
              throw Complaint(
                "etcd does not take the new password of '\(user)', which was made without one",
                hint: "'bulkhead apply' makes the user anew")
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
  /// Says so where a certificate is abroad that makes its holder a user who is to log in with a password.
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
