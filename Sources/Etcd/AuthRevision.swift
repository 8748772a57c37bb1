/// The permission to call AuthStatus.
///
/// One such call, by any client to any member, crashes each member before 3.4.31 at once and at each of its
/// starts: the call is written to the log, and these members do not know it (etcd 3.4,
/// `server/etcdserver/apply.go`, `not implemented`). So a value exists only if the version of each member is
/// known.
package struct AuthStatusLeave: Sendable {
  /// - Parameter versions: One for each member; nil if it is unknown.
  /// - Returns: nil unless all members support the call.
  package init?(versions: [EtcdVersion?]) {
    guard !versions.isEmpty, versions.allSatisfy({ $0?.hasAuthStatus ?? false }) else {
      return nil
    }
  }
}

extension EtcdClient {
  /// The auth revision. Each change of a user, role, permission or link increases it, and so does a grant of
  /// something already granted (etcd, `server/auth/store.go`, `commitRevision`).
  package func authRevision(_ leave: AuthStatusLeave) async throws(EtcdError) -> Int64 {
    let response = try await call(Auth.status, EmptyRequest(), operation: "AuthStatus")
    return Int64(clamping: response.authRevision)
  }
}

extension EtcdClient {
  /// Whether authentication is on, by a call that leaves no line in the members' logs; a login attempt logs a
  /// warning about the user root. A client that may not make the call is refused only while it is on.
  package func isAuthEnabled(_ leave: AuthStatusLeave) async throws(EtcdError) -> Bool {
    do {
      return try await call(Auth.status, EmptyRequest(), operation: "AuthStatus").enabled
    } catch {
      guard [.permissionDenied, .noIdentity, .notFound].contains(error.code) else { throw error }
      return true
    }
  }
}
