import Errors
import GRPC

/// A failed call to etcd: an error of etcd or of the connection.
///
/// etcd describes the error in the status text: one gRPC code has several meanings, and releases use
/// different codes for the same error (etcd, `api/v3rpc/rpctypes/error.go`). ``Code`` is the meaning.
package struct EtcdError: ExplainedError, Hashable, Sendable {
  package enum Code: String, Sendable {
    /// The user lacks the permission, or the certificate's CN is not an etcd user.
    case permissionDenied
    /// etcd sees no user: it was started without `--client-cert-auth`, or the listener has no TLS.
    case noIdentity
    /// The auth store changed between the arrival of the request and its execution. It was not executed;
    /// retry.
    case authRevisionOld
    case authNotEnabled
    case rootUserMissing
    case rootRoleMissing
    /// The user, role, permission or link to be created exists.
    case alreadyExists
    /// The user, role, permission or link to be changed does not exist.
    case notFound
    /// A password login with a wrong password, or of a user without one.
    case loginFailed
    /// The token of a password login has ended, or is not known to this member. The request was not executed.
    case invalidToken
    /// A password login of a user that was created with `no_password`, as certificate users must be.
    case userHasNoPassword
    /// The requested revision is in the future, so the request passed the permission check.
    case revisionInFuture
    /// The store has reached its quota: writes are refused before permissions are checked.
    case noSpace
    /// Too many requests wait at the member. This one was not executed.
    case overloaded
    /// The member is a learner, which does not process this call. Another member may.
    case learner
    /// This release of etcd does not support the call.
    case unimplemented
    case invalidArgument
    /// No answer in time. A write may or may not have been executed.
    case deadlineExceeded
    /// The member is unreachable, refuses the certificate or has no leader. A write may or may not have been
    /// executed.
    case unavailable
    /// The caller cancelled. A write may or may not have been executed.
    case cancelled
    /// A file of the credentials cannot be used; no request was sent.
    case badCredentials
    case other
  }

  package let code: Code
  /// The call, by etcd's name: `RoleGet calico-node`.
  package let operation: String
  /// The endpoint.
  package let endpoint: String
  /// The message of etcd, or the error of the connection.
  package let message: String
  /// Whether the request certainly was not executed, so that it can be sent again. If false, it may have been
  /// executed.
  package let wasNotProcessed: Bool
  /// Who reports the error, and why the connection failed.
  package let origin: Origin

  package enum Origin: Hashable, Sendable {
    /// etcd returned it: TLS has accepted the certificates of both sides.
    case etcd
    /// The connection could not be made, or ended.
    case connection(ConnectionFailure)
    /// Bulkhead, or it is unknown.
    case other
  }

  package init(
    code: Code, operation: String, endpoint: String, message: String, wasNotProcessed: Bool = false,
    origin: Origin = .other
  ) {
    self.code = code
    self.operation = operation
    self.endpoint = endpoint
    self.message = message
    self.wasNotProcessed = wasNotProcessed
    self.origin = origin
  }

  /// Whether a retry, or another member, may give another answer.
  package var isTransient: Bool {
    [.unavailable, .deadlineExceeded, .overloaded, .learner].contains(code)
  }
}

extension EtcdError {
  init(_ error: GRPCError, operation: String, endpoint: String) {
    let isAnswer = error.processing == .answered
    self.init(
      code: error.isAboutCredentials
        ? .badCredentials
        : isAnswer ? Code(status: error.status, message: error.message) : Code(withoutAnswer: error.status),
      operation: operation, endpoint: endpoint, message: error.message,
      wasNotProcessed: error.processing == .surelyNot
        || isAnswer && error.message.contains(Code.learnerText),
      origin: isAnswer ? .etcd : error.cause.map { .connection(ConnectionFailure($0)) } ?? .other)
  }
}

extension EtcdError.Code {
  /// A learner refuses calls before it processes them (etcd, `server/etcdserver/api/v3rpc/interceptor.go`).
  fileprivate static let learnerText = "rpc not supported for learner"

  /// etcd's texts, which are more specific than the codes, with their meaning in each release.
  private static let texts: [(part: String, code: EtcdError.Code)] = [
    ("permission denied", .permissionDenied),
    ("user name is empty", .noIdentity),
    ("revision of auth store is old", .authRevisionOld),
    ("revision in header is old", .authRevisionOld),
    ("authentication is not enabled", .authNotEnabled),
    ("root user does not exist", .rootUserMissing),
    ("root user does not have root role", .rootRoleMissing),
    ("already exists", .alreadyExists),
    ("name not found", .notFound),
    ("user not found", .notFound),
    ("lease not found", .notFound),
    ("is not granted to the", .notFound),
    ("given for no password user", .userHasNoPassword),
    ("authentication failed", .loginFailed),
    ("invalid auth token", .invalidToken),
    ("future revision", .revisionInFuture),
    ("database space exceeded", .noSpace),
    ("too many requests", .overloaded),
    // Unavailable before 3.6, FailedPrecondition since.
    (learnerText, .learner),
    // In the first moments of a new cluster; Unavailable in 3.5, FailedPrecondition in 3.7.
    ("not capable", .unavailable),
    // A change of the leader dropped the write.
    ("raft proposal dropped", .unavailable),
    ("request timed out", .deadlineExceeded),
  ]

  /// The meaning of a failure without an answer of etcd. Its words are those of the system, of a certificate that is not
  /// trusted or of a proxy, and its status is at most a proxy's: they say nothing about etcd's users and permissions.
  init(withoutAnswer status: GRPCStatus) {
    switch status {
    case .deadlineExceeded: self = .deadlineExceeded
    case .cancelled: self = .cancelled
    case .unavailable: self = .unavailable
    default: self = .other
    }
  }

  /// The meaning of a gRPC status of etcd (codes and texts as seen on 3.4.23 and 3.5.1, and those in etcd's
  /// `rpctypes`).
  init(status: GRPCStatus, message: String) {
    if let known = Self.texts.first(where: { message.contains($0.part) }) {
      self = known.code
      return
    }
    switch status {
    case .permissionDenied: self = .permissionDenied
    case .unimplemented: self = .unimplemented
    case .deadlineExceeded: self = .deadlineExceeded
    case .cancelled: self = .cancelled
    case .unavailable: self = .unavailable
    case .invalidArgument: self = .invalidArgument
    default: self = .other
    }
  }
}

extension EtcdError {
  package var description: String { "\(operation) at \(endpoint): \(message)" }

  /// The message alone, for a sentence that names the member.
  package var reason: String {
    code == .noIdentity ? "it sees no user: it ignores client certificates (\(message))" : message
  }

  /// What to do; nil if the message is sufficient.
  package var hint: String? {
    switch code {
    case .permissionDenied:
      "the certificate's Common Name must be an etcd user with the root role for this"
    case .noIdentity:
      "etcd ignores certificates here: start every member with --client-cert-auth and --trusted-ca-file"
    case .deadlineExceeded:
      "is the member overloaded, paused or behind a firewall? raise --timeout to wait longer"
    case .unavailable:
      if case .connection(let failure) = origin {
        failure.hint
      } else {
        "is the member running, and does it know a leader?"
      }
    case .noSpace:
      "the store is at its quota: compact and defragment etcd, then 'etcdctl alarm disarm'; to remove access "
        + "before that, 'bulkhead apply --no-lock' and 'bulkhead certs revoke --cut-off --no-lock'"
    case .overloaded: "etcd is busy: try again later, or with fewer questions at a time"
    case .badCredentials: "are the files there and readable, and does the key belong to the certificate?"
    case .learner: "list a voting member under etcd.endpoints too, or 'etcdctl member promote' the learner"
    case .unimplemented: "this release of etcd does not have the call"
    default: nil
    }
  }
}
