import Errors
import GRPC

/// An answer of etcd, or of the way to it, that is not a success.
///
/// etcd tells what went wrong in the status text; the same gRPC code means several things, and different releases
/// use different codes for the same thing (etcd, `api/v3rpc/rpctypes/error.go`). ``Code`` is what it means.
package struct EtcdError: ExplainedError, Hashable, Sendable {
  package enum Code: String, Sendable {
    /// The user has no right to do this, or the certificate's CN is no etcd user.
    case permissionDenied
    /// etcd sees no user at all: it was started without `--client-cert-auth`, or the listener has no TLS.
    case noIdentity
    /// The auth store changed between the arrival of the request and its execution. It was not executed; ask again.
    case authRevisionOld
    case authNotEnabled
    case rootUserMissing
    case rootRoleMissing
    /// A user, role, permission or link that was to be made is already there.
    case alreadyExists
    /// A user, role, permission or link that was to be changed is not there.
    case notFound
    /// A password login with a wrong password, or of a user that has none.
    case loginFailed
    /// A password login of a user that was made with `no_password`, which is how it should be.
    case userHasNoPassword
    /// The revision asked for lies in the future: the request passed the permission check.
    case revisionInFuture
    /// The store is at its quota: writes are refused before any permission is looked at.
    case noSpace
    /// More requests wait than the member takes. This one was not executed.
    case overloaded
    /// This release of etcd does not have the call.
    case unimplemented
    case invalidArgument
    /// No answer in time. A write may or may not have been executed.
    case deadlineExceeded
    /// The member is away, refuses the certificate or lost its leader. A write may or may not have been executed.
    case unavailable
    /// The caller gave up. A write may or may not have been executed.
    case cancelled
    /// A file of the credentials cannot be used; nobody was asked.
    case badCredentials
    case other
  }

  package let code: Code
  /// What was asked, by etcd's name for the call: `RoleGet calico-node`.
  package let operation: String
  /// Where it was asked.
  package let endpoint: String
  /// etcd's own words, or what happened to the connection.
  package let message: String
  /// The request surely did not reach etcd, or etcd surely left it alone: it can be sent again without harm. Where this
  /// is false it may or may not have been executed.
  package let wasNotProcessed: Bool

  package init(
    code: Code, operation: String, endpoint: String, message: String, wasNotProcessed: Bool = false
  ) {
    self.code = code
    self.operation = operation
    self.endpoint = endpoint
    self.message = message
    self.wasNotProcessed = wasNotProcessed
  }

  /// Whether asking another member, or the same one later, may give another answer.
  package var isTransient: Bool { [.unavailable, .deadlineExceeded, .overloaded].contains(code) }
}

extension EtcdError {
  init(_ error: GRPCError, operation: String, endpoint: String) {
    self.init(
      code: error.isAboutCredentials ? .badCredentials : Code(status: error.status, message: error.message),
      operation: operation, endpoint: endpoint, message: error.message,
      wasNotProcessed: error.processing == .surelyNot)
  }
}

extension EtcdError.Code {
  /// etcd's texts, which say more than the code: each with the meaning it has in every release.
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
    ("future revision", .revisionInFuture),
    ("database space exceeded", .noSpace),
    ("too many requests", .overloaded),
    // A write that met a change of leader, which drops it.
    ("raft proposal dropped", .unavailable),
    ("request timed out", .deadlineExceeded),
  ]

  /// What a gRPC status of etcd means (the codes and texts seen on 3.4.23 and 3.5.1, and those in etcd's
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

  /// What to do about it; nil where the words say enough.
  package var hint: String? {
    switch code {
    case .permissionDenied:
      "the certificate's Common Name must be an etcd user with the root role for this"
    case .noIdentity:
      "etcd ignores certificates here: start every member with --client-cert-auth and --trusted-ca-file"
    case .deadlineExceeded:
      "is the member overloaded, paused or behind a firewall? raise --timeout to wait longer"
    case .unavailable:
      "is etcd running there, and is the certificate signed by its --trusted-ca-file and still valid?"
    case .noSpace:
      "the store is at its quota: compact and defragment etcd, then 'etcdctl alarm disarm'"
    case .overloaded: "etcd is busy: try again later, or with fewer questions at a time"
    case .badCredentials: "are the files there and readable, and does the key belong to the certificate?"
    case .unimplemented: "this release of etcd does not have the call"
    default: nil
    }
  }
}
