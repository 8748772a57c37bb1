import Errors
import Etcd
import Keyspace
import Names
import Segmentation
import Text

/// Why authentication is not turned on.
package enum EnableAuthRefusal: ExplainedError, Hashable, Sendable {
  case noRootUser
  case rootLacksRole
  case notAdministrator(String)
  /// No user but administrators could reach these keys.
  /// - Parameter kubernetes: All keys of Kubernetes.
  case keysWouldBeUnreached([FirstSegment], kubernetes: KeyRange)
  case alarmIsActive(String)
  /// A member of the cluster does not answer, and why.
  case unreachable(String, String)
  /// A member advertises a client URL without TLS.
  case plainHTTP(String, String)
  case certificateDoesNotWork(String, String)
  /// Authentication is on, the certificate does not work, and turning it off again failed too.
  case cannotGoBack(String, String)
  /// Members refused requests afterwards, and authentication is off again.
  case requestsRefused(RefusalReport)
  /// Members refused requests afterwards, and authentication could not be turned off again.
  case cannotTurnOff(RefusalReport, String)

  /// The reasons that show in the users and roles.
  static func all(applicant: String, state: ClusterState) -> [EnableAuthRefusal] {
    guard let root = state.users[Role.root] else { return [.noRootUser] }
    guard root.roles.contains(Role.root) else { return [.rootLacksRole] }
    guard state.users[applicant]?.roles.contains(Role.root) == true else {
      return [.notAdministrator(applicant)]
    }
    return []
  }
}

extension EnableAuthRefusal {
  package var description: String {
    switch self {
    case .cannotGoBack(let first, let second):
      "authentication is on and the certificate does not work (\(first)), "
        + "and it could not be turned off again (\(second))"
    case .requestsRefused(let report):
      "authentication is off again: \(report.seconds) s after it was turned on, \(report.words)"
    case .cannotTurnOff(let report, let problem):
      "authentication is on, \(report.words), and it could not be turned off again (\(problem))"
    default: "authentication is not turned on: \(reason)"
    }
  }

  private var reason: String {
    switch self {
    case .noRootUser: "the user root does not exist"
    case .rootLacksRole: "the user root does not have the role root"
    case .notAdministrator(let user):
      "the certificate that Bulkhead uses belongs to '\(user)', which is not a user with the role root"
    case .keysWouldBeUnreached(let segments, let kubernetes):
      "no user but administrators could reach "
        + segments.prefix(12).map(\.words).joined(separator: ", ")
        + (segments.count > 12 ? " and keys of \(segments.count - 12) more beginnings" : "")
        + "; the programs that use them would be locked out"
        + (segments.contains { $0.range.intersection(kubernetes) != nil }
          ? ", kube-apiserver among them" : "")
    case .alarmIsActive(let kind):
      "the alarm \(kind) is active, and members before 3.6 then enforce no permissions"
    case .unreachable(let member, let problem): "the member \(member) is unreachable (\(problem))"
    case .plainHTTP(let member, let url):
      "the member \(member) serves clients at \(url) without TLS, where it would refuse all of them"
    case .certificateDoesNotWork(let user, let error):
      "with it on, the certificate of '\(user)' did not work (\(error)); it has been turned off again"
    case .cannotGoBack(let first, _): first
    case .requestsRefused(let report), .cannotTurnOff(let report, _): report.words
    }
  }

  package var hint: String? {
    switch self {
    case .noRootUser, .rootLacksRole:
      "run 'bulkhead apply' first, which makes the user root with the role root"
    case .notAdministrator:
      "set etcd.certificate to a certificate with CN=root: 'bulkhead certs issue --root' makes one"
    case .keysWouldBeUnreached(let segments, let kubernetes):
      Self.hint(segments, kubernetes)
    case .alarmIsActive: "see 'etcdctl alarm list', remove the cause and run 'etcdctl alarm disarm'"
    case .unreachable:
      "start it, or remove it from the cluster with 'etcdctl member remove' if it is gone for good"
    case .plainHTTP:
      "move its clients to an https:// URL, and take the http:// URL out of --listen-client-urls and --advertise-client-urls"
    case .requestsRefused:
      "find the programs: 'bulkhead preflight --certificates DIR --pods FILE' names certificates without a user; "
        + "--watch 0 keeps authentication on whatever is refused"
    case .cannotTurnOff: "run 'etcdctl auth disable' as root"
    case .certificateDoesNotWork, .cannotGoBack:
      "start every member with --client-cert-auth, and with the certificate's authority in --trusted-ca-file"
    }
  }
}

extension EnableAuthRefusal {
  private static func hint(_ segments: [FirstSegment], _ kubernetes: KeyRange) -> String {
    var hints: [String] = []
    if segments.contains(where: { $0.range.intersection(kubernetes) != nil }) {
      hints.append("add 'kubernetes: {apiserver: CN}' with the CN of its etcd client certificate")
    } else if segments.contains(where: { $0.range == .compaction }) {
      hints.append(
        "a kube-apiserver compacts this etcd: add 'kubernetes: {apiserver: CN, prefix: ITS --etcd-prefix}'")
    }
    let others = segments.filter { $0.range.intersection(kubernetes) == nil && $0.range != .compaction }
    if !others.isEmpty { hints.append("add the users of these keys to the file, such as under 'custom'") }
    let options = segments.prefix(4).map { segment in
      "--unreachable \(ShellWord.bash(Array((segment.range.upper == nil ? Key("") : segment.range.lower).description.utf8)))"
    }
    return hints.joined(separator: "; ") + "; if no program uses them, add \(options.joined(separator: " "))"
  }
}

extension RefusalReport {
  fileprivate var seconds: Int64 { duration.components.seconds }

  /// What was refused, member by member; members whose count is unknown last.
  fileprivate var words: String {
    let rose = changes.filter { ($0.increase ?? 0) > 0 }
    return (rose + unknown).map(\.words).joined(separator: ", ")
  }
}
