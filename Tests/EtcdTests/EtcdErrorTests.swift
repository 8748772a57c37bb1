import GRPC
import Testing

@testable import Etcd

@Suite("Errors of etcd")
struct EtcdErrorTests {
  @Test(
    "the text decides if the code is ambiguous",
    arguments: [
      (GRPCStatus.permissionDenied, "etcdserver: permission denied", EtcdError.Code.permissionDenied),
      (.unknown, "auth: permission denied", .permissionDenied),
      (.unknown, "auth: user not found", .notFound),
      (.failedPrecondition, "etcdserver: user name not found", .notFound),
      (.invalidArgument, "etcdserver: user name is empty", .noIdentity),
      (.invalidArgument, "etcdserver: revision of auth store is old", .authRevisionOld),
      (.unknown, "auth: revision in header is old", .authRevisionOld),
      (.resourceExhausted, "etcdserver: mvcc: database space exceeded", .noSpace),
      (.resourceExhausted, "etcdserver: too many requests", .overloaded),
      (.resourceExhausted, "grpc: received message larger than max", .other),
      (.outOfRange, "etcdserver: mvcc: required revision is a future revision", .revisionInFuture),
      (.outOfRange, "etcdserver: mvcc: required revision has been compacted", .other),
      (
        .unavailable, "etcdserver: request timed out, possibly due to previous leader failure",
        .deadlineExceeded
      ),
      (.unavailable, "etcdserver: leader changed", .unavailable),
      (.unknown, "raft proposal dropped", .unavailable),
      (.unknown, "auth: authentication failed, password was given for no password user", .userHasNoPassword),
      (.invalidArgument, "etcdserver: authentication failed, invalid user ID or password", .loginFailed),
      (.unimplemented, "unknown method AuthStatus", .unimplemented),
      (.cancelled, "", .cancelled),
    ])
  func codes(status: GRPCStatus, text: String, meaning: EtcdError.Code) {
    #expect(EtcdError.Code(status: status, message: text) == meaning)
  }

  /// The words of the system, of a certificate or of a proxy are no answer of etcd: "permission denied" of connect() was
  /// one once.
  @Test(
    "without an answer of etcd no text and no status says anything about users and permissions",
    arguments: [
      (GRPCStatus.unavailable, "cannot reach 10.9.9.9:2379: permission denied", EtcdError.Code.unavailable),
      (
        .unavailable, "the certificate is of an unknown authority (issued by CN=user name is empty: …)",
        .unavailable
      ),
      (.unavailable, "future revision, rpc not supported for learner", .unavailable),
      (.permissionDenied, "the server answered HTTP 403 and not gRPC", .other),
      (.unimplemented, "the server answered HTTP 404 and not gRPC", .other),
      (.deadlineExceeded, "no answer within 8 s", .deadlineExceeded), (.cancelled, "cancelled", .cancelled),
    ])
  func withoutAnswer(status: GRPCStatus, text: String, code: EtcdError.Code) {
    for processing in [GRPCError.Processing.surelyNot, .maybe] {
      let error = EtcdError(
        GRPCError(status, text, processing: processing), operation: "Range", endpoint: "-")
      #expect(error.code == code && error.wasNotProcessed == (processing == .surelyNot))
    }
  }

  @Test("only errors that a retry may avoid are transient")
  func transient() {
    let transient: Set<EtcdError.Code> = [.unavailable, .deadlineExceeded, .overloaded]
    for code in [
      EtcdError.Code.unavailable, .deadlineExceeded, .overloaded, .permissionDenied, .noSpace, .cancelled,
      .badCredentials, .alreadyExists, .other,
    ] {
      let error = EtcdError(code: code, operation: "Put", endpoint: "-", message: "-")
      #expect(error.isTransient == transient.contains(code))
    }
  }

  @Test("an error says what happened to the connection, and whether the request may have been executed")
  func causes() {
    for (processing, wasNotProcessed) in [
      (GRPCError.Processing.surelyNot, true), (.maybe, false), (.answered, false),
    ] {
      let cause = GRPCError(.unavailable, "connection refused by 127.0.0.1:1", processing: processing)
      let error = EtcdError(cause, operation: "Put", endpoint: "https://127.0.0.1:1")
      #expect(error.description == "Put at https://127.0.0.1:1: connection refused by 127.0.0.1:1")
      #expect(error.code == .unavailable && error.wasNotProcessed == wasNotProcessed)
    }
    let files = GRPCError(.unauthenticated, "cannot use", processing: .surelyNot, isAboutCredentials: true)
    #expect(EtcdError(files, operation: "Put", endpoint: "-").code == .badCredentials)
  }

  @Test("versions are ordered by their numbers")
  func versions() throws {
    let versions = try ["3.4.9", "3.4.22", "3.5.0-rc.1", "3.5.5", "3.5.6", "3.10.0"].map { text in
      try #require(EtcdVersion(text))
    }
    #expect(versions.sorted() == versions)
    #expect(versions.map(\.mayRefuseWatchWrongly) == [true, false, true, true, false, false])
    #expect(EtcdVersion("3.5") == nil && EtcdVersion("three") == nil && EtcdVersion("3.5.") == nil)
  }
}
