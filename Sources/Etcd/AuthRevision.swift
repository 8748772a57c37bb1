/// Leave to send AuthStatus.
///
/// One such call, to whichever member and by whomever, stops every member before 3.4.31 at once and at each of its
/// starts: it goes through the log, and they do not know it (etcd 3.4, `server/etcdserver/apply.go`, `not
/// implemented`). So there is leave only where the version of every member is known.
package struct AuthStatusLeave: Sendable {
  /// - Parameter versions: Of every member, nil for one that is not known.
  /// - Returns: nil unless all of them know the call.
  package init?(versions: [EtcdVersion?]) {
    guard !versions.isEmpty, versions.allSatisfy({ $0.map { $0 >= EtcdVersion(3, 5, 0) } ?? false }) else {
      return nil
    }
  }
}

extension EtcdClient {
  /// The auth revision, which every change of a user, role, permission or link moves, and a grant of what is granted
  /// already too (etcd, `server/auth/store.go`, `commitRevision`).
  package func authRevision(_ leave: AuthStatusLeave) async throws(EtcdError) -> Int64 {
    let response = try await call(Auth.status, EmptyRequest(), operation: "AuthStatus")
    return Int64(clamping: response.authRevision)
  }
}
