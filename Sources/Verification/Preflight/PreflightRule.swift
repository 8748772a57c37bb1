import Segmentation

/// A reason why authentication may not be turned on safely, or does not protect what it should.
package struct PreflightRule: Hashable, Sendable {
  package typealias Severity = FindingSeverity

  /// Stable: an id keeps its meaning and is never reused for another rule.
  package let id: String
  package let severity: Severity
  /// What is found, in a few words.
  package let title: String
  /// Why it matters.
  package let meaning: String
  /// What to do about it.
  package let cure: String

  private init(_ id: String, _ severity: Severity, _ title: String, meaning: String, cure: String) {
    self.id = id
    self.severity = severity
    self.title = title
    self.meaning = meaning
    self.cure = cure
  }

  /// Every rule, in the order of the ids.
  package static let all: [PreflightRule] = [
    obstacle, lockedOut, nearlyFull, unknownSpace, serverNamesUser, unknownServer, alarm, unknownAlarms,
    disagreement, unknownAgreement, learner, unreachable, plainHTTP, peerPort, unknownPeerPort, grpcOnly,
    vulnerability, breaksAuthentication, password, emptyPassword, foreignAdministrator, unreachedKeys,
    endpoints, certificateInUse, otherPrefix, changes, storedDifference, untriedPassword, endedAcceptance,
    brokenRule, knownRefusal, apiServerWithoutRoot, ignoresCertificates, unknownNode,
  ]

  static let obstacle = PreflightRule(
    "PF001", .error, "authentication cannot be turned on",
    meaning: "'bulkhead apply --enable-auth' would refuse", cure: "remove the obstacle")
  static let lockedOut = PreflightRule(
    "PF002", .error, "a user lacks what the file gives it",
    meaning: "its requests are refused once authentication is on", cure: "run 'bulkhead apply'")
  static let nearlyFull = PreflightRule(
    "PF003", .error, "the store of a member is nearly full",
    meaning: "a full store raises the alarm NOSPACE: it takes no writes, and before etcd 3.6 it then checks "
      + "no permissions",
    cure: "compact and defragment etcd, or raise --quota-backend-bytes")
  static let unknownSpace = PreflightRule(
    "PF004", .warning, "how full the store of a member is is unknown",
    meaning: "a full store raises the alarm NOSPACE, and before etcd 3.6 it then checks no permissions",
    cure: "let the member publish /metrics on its client URL, or compare its size with --quota-backend-bytes")
  static let serverNamesUser = PreflightRule(
    "PF005", .error, "the server certificate of a member names a user",
    meaning: "a client with a certificate without a Common Name can be this user through etcd's JSON gateway",
    cure: "give the member a certificate with another Common Name ('bulkhead certs member'), and start it "
      + "with --enable-grpc-gateway=false")
  static let unknownServer = PreflightRule(
    "PF006", .error, "which name the server certificate of a member has is unknown",
    meaning: "if it is a user, clients can be this user through etcd's JSON gateway",
    cure: "make the member reachable from here, and try again")
  static let alarm = PreflightRule(
    "PF007", .error, "an alarm is active",
    meaning:
      "while an alarm is active, members before etcd 3.6 check no permissions of writes and of changes "
      + "of users, and with NOSPACE no member takes writes",
    cure: "see 'etcdctl alarm list', remove the cause, then 'etcdctl alarm disarm'")
  static let unknownAlarms = PreflightRule(
    "PF008", .warning, "whether an alarm is active is unknown",
    meaning: "while an alarm is active, members before etcd 3.6 check no permissions",
    cure: "see 'etcdctl alarm list'")
  static let disagreement = PreflightRule(
    "PF009", .error, "the members do not hold the same users, roles or keys",
    meaning: "each member enforces what it holds itself, and etcd does not repair it",
    cure: "bring back the member")
  static let unknownAgreement = PreflightRule(
    "PF010", .info, "whether the members hold the same is unknown",
    meaning: "each member enforces what it holds itself",
    cure: "compare with 'etcdctl endpoint hashkv --cluster'")
  static let learner = PreflightRule(
    "PF011", .info, "a member is a learner",
    meaning: "it was not asked. Once authentication is on, etcd promotes a learner only at the leader",
    cure: "promote it first, or later at the leader ('etcdctl endpoint status --cluster' shows the leader)")
  static let unreachable = PreflightRule(
    "PF012", .error, "a member is unreachable",
    meaning: "nothing is known of this member: its clients may be refused, or it may check nothing",
    cure: "start it or make it reachable from here, or remove it from the cluster")
  static let plainHTTP = PreflightRule(
    "PF013", .error, "a member listens without TLS",
    meaning: "etcd cannot identify clients there: they are refused, or some releases take them for the user "
      + "that the server certificate names",
    cure: "remove the http:// URL from --listen-client-urls and --advertise-client-urls")
  static let peerPort = PreflightRule(
    "PF014", .error, "the peer port of a member admits a client's certificate",
    meaning:
      "the peer port knows no users: the holder of any client certificate can write every key and make "
      + "itself an administrator there",
    cure: "give the peers an authority of their own (--peer-trusted-ca-file), or restrict the names with "
      + "--peer-cert-allowed-cn or --peer-cert-allowed-hostname")
  static let unknownPeerPort = PreflightRule(
    "PF015", .info, "whether the peer port of a member admits clients is unknown",
    meaning: "it cannot be reached from here, or the client port accepts no certificate that is here",
    cure: "run preflight where the peer port can be reached, with a current certificate of a client")
  static let grpcOnly = PreflightRule(
    "PF016", .warning, "the client URL of a member answers no HTTP",
    meaning: "the member seems to run with --listen-client-http-urls: its metrics are elsewhere, and before "
      + "3.5.32, 3.6.13 and 3.7.0 it does not check --client-crl-file there (CVE-2026-59818)",
    cure: "use one URL for both, or update etcd before you rely on revocation")
  static let vulnerability = PreflightRule(
    "PF017", .error, "the release of a member has a known vulnerability",
    meaning: "a client may do what it was not granted, or stop a member",
    cure: "update etcd; if no release has the fix, accept it with --accept")
  static let breaksAuthentication = PreflightRule(
    "PF018", .error, "the release of a member must not run with authentication",
    meaning: "clients, or the kubelet that checks the member's health, would be refused",
    cure: "update etcd first")
  static let password = PreflightRule(
    "PF019", .error, "a user that should authenticate with a certificate has a password",
    meaning: "a client that knows the password acts as this user with any certificate that the members admit",
    cure: "run 'bulkhead apply', which recreates it")
  static let emptyPassword = PreflightRule(
    "PF020", .error, "a user accepts the empty password",
    meaning: "any client that the members admit can log in as this user",
    cure: "run 'bulkhead apply', which recreates a user of the file; delete any other one")
  static let foreignAdministrator = PreflightRule(
    "PF021", .error, "an administrator is not in the file",
    meaning: "it may read and write everything and change users and roles",
    cure: "find out who uses it: name it under 'administrators', or with --shared if programs share its "
      + "certificate, or 'etcdctl user revoke-role USER root'")
  static let unreachedKeys = PreflightRule(
    "PF022", .error, "no user but administrators can reach some keys",
    meaning: "a program that uses them is refused once authentication is on",
    cure:
      "add its user to the file ('custom:'), or delete the keys if no program uses them, or allow it with "
      + "--unreachable")
  static let endpoints = PreflightRule(
    "PF023", .warning, "the endpoints of the file are not one for each member",
    meaning: "commands ask the members at their own addresses instead",
    cure: "list under etcd.endpoints one client URL for each member")
  static let certificateInUse = PreflightRule(
    "PF024", .error, "a certificate is named after no user",
    meaning: "a program that uses it is refused once authentication is on",
    cure: "add its Common Name to the file; kubeadm and backups need the role root")
  static let otherPrefix = PreflightRule(
    "PF025", .error, "kube-apiserver uses keys that the file does not give it",
    meaning: "it is refused once authentication is on: the file's role covers other keys",
    cure:
      "set 'prefix' under 'kubernetes:' to its --etcd-prefix; with several prefixes, give it the others with an "
      + "entry under 'custom:'")
  static let changes = PreflightRule(
    "PF026", .info, "what authentication changes for other clients",
    meaning: "etcd behaves differently once authentication is on",
    cure: "tell the people who operate the other clients")
  static let storedDifference = PreflightRule(
    "PF027", .error, "a member stores users or roles that differ from the file",
    meaning: "a client may do what the file does not give it",
    cure: "run 'bulkhead plan', which says what 'bulkhead apply' corrects and what it leaves")
  static let knownRefusal = PreflightRule(
    "PF032", .info, "some requests of a program are refused, which it does without",
    meaning: "it locks out no program, and counts in the members' metrics of refused requests",
    cure: "no action is needed")
  static let apiServerWithoutRoot = PreflightRule(
    "PF033", .warning, "kube-apiserver lacks the role root, which some calls need in the release of a member",
    meaning:
      "etcd 3.4.42, 3.5.28, 3.6.9 and later let only root compact; 3.4.42 to 3.4.45, 3.5.28 to 3.5.31 and 3.6.0 "
      + "to 3.6.11 return their status only to root",
    cure:
      "run every kube-apiserver with --etcd-compaction-interval=0 and etcd with auto-compaction, and update etcd; or "
      + "remove the feature 'apiserver-without-compaction', which gives it root")
  static let ignoresCertificates = PreflightRule(
    "PF034", .error, "a member ignores client certificates",
    meaning: "once authentication is on, it refuses each request of a client that has no password",
    cure: "start it with --client-cert-auth and --trusted-ca-file")
  static let untriedPassword = PreflightRule(
    "PF028", .warning, "a password could not be tried",
    meaning:
      "while authentication is off etcd takes no logins; once it is on, any client that the members admit "
      + "can log in as a user that accepts the empty password",
    cure:
      "run preflight again once authentication is on; 'bulkhead apply --enable-auth' tries these passwords too"
  )
  static let endedAcceptance = PreflightRule(
    "PF029", .warning, "an accepted finding has ended",
    meaning: "its last day is over, so the finding counts again",
    cure: "remove the cause and the entry of 'accept', or set a new last day after a review")
  static let brokenRule = PreflightRule(
    "PF030", .error, "a rule of the file does not hold in etcd",
    meaning: "the file promises it, and a user that etcd has breaks it",
    cure: "revoke what is named, or change the rule if it no longer holds")
  static let unknownNode = PreflightRule(
    "PF035", .error, "a node of Calico has no users in the file",
    meaning:
      "with isolation 'node-user', its calico-node and CNI plugin are refused once authentication is on",
    cure: "add it to 'nodes', or delete the node in Calico if its host does not exist any more")
}

/// One occurrence of a rule.
package struct PreflightFinding: Hashable, Sendable {
  package let rule: PreflightRule
  package let severity: PreflightRule.Severity
  /// `member etcd-1`, `user alice`, `keys /service/*`; empty for the cluster.
  package let subject: String
  /// One sentence without a full stop.
  package let message: String
  /// What to do in this case, if it is not the rule's cure.
  package let cure: String
  /// The advisory, if it is about one.
  package let advisory: Advisory?

  init(
    _ rule: PreflightRule, _ subject: String, _ message: String, cure: String? = nil,
    severity: PreflightRule.Severity? = nil, advisory: Advisory? = nil
  ) {
    self.rule = rule
    self.severity = severity ?? rule.severity
    self.subject = subject
    self.message = message
    self.cure = cure ?? rule.cure
    self.advisory = advisory
  }

  /// A finding about the cluster as a whole.
  init(
    _ rule: PreflightRule, _ message: String, cure: String? = nil, severity: PreflightRule.Severity? = nil
  ) {
    self.init(rule, "", message, cure: cure, severity: severity)
  }

  /// The ids with which a person accepts it: the rule's, and the advisory's with its aliases.
  package var names: [String] { [rule.id] + (advisory.map { [$0.id] + $0.aliases } ?? []) }
}
