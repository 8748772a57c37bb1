import Catalogue
import Keyspace
import Names
import Text

/// Rules about the permissions of an identity, over all of its roles.
enum AccessLint {
  static let rules = [
    root, apiserverRoot, secrets, kubernetes, record, writeOnly, twins, full, serverName, idle, name,
    unusedRole, coAdministrator, lookAlike,
  ]

  static let root = LintRule(
    "BH001", .error, "an identity other than the administrator has the role root",
    why: "it may read and write everything, and change users and roles, its own included",
    advice:
      "for kube-controllers set COMPACTION_PERIOD to \"0\", turn on etcd's own auto-compaction and drop the "
      + "feature 'compaction'; for others revoke the role")
  static let apiserverRoot = LintRule(
    "BH002", .info, "kube-apiserver has the role root",
    why: "its certificate can change users and roles; it needs root only to compact",
    advice:
      "run it with --etcd-compaction-interval=0, turn on etcd's own auto-compaction, and add the feature "
      + "'apiserver-without-compaction'")
  static let secrets = LintRule(
    "BH003", .error, "an identity other than kube-apiserver reaches Kubernetes' secrets",
    why: "the tokens of service accounts and the bootstrap tokens are under secrets/ of Kubernetes' keys",
    advice: "narrow the grant; a program that needs Kubernetes' objects asks the API server")
  static let kubernetes = LintRule(
    "BH004", .warning, "an identity other than kube-apiserver reaches Kubernetes' keys",
    why: "requests to etcd bypass the API server's authorization",
    advice: "narrow the grant; a program that needs Kubernetes' objects asks the API server")
  static let record = LintRule(
    "BH005", .error, "an identity may write Bulkhead's own record",
    why: "it could make Bulkhead believe that nothing has changed",
    advice: "narrow the grant so that it does not cover \(Key.bulkhead)")
  static let writeOnly = LintRule(
    "BH006", .warning, "Calico's keys may be written but not read",
    why: "each of Calico's writes is a transaction that also reads, so etcd refuses it (libcalico-go, "
      + "lib/backend/etcdv3/etcdv3.go)", advice: "grant readwrite, or nothing")
  static let twins = LintRule(
    "BH007", .warning, "two identities may do exactly the same",
    why: "a stolen certificate of one gives the access of the other, so they are not segmented",
    advice: "use one identity for both, or narrow one of them")
  static let full = LintRule(
    "BH008", .info, "a person may change all of Calico",
    why: "this certificate gives as much access as the one that all components shared",
    advice: "give it a short lifetime, or choose the access policy-editor")
  static let serverName = LintRule(
    "BH009", .error, "a user has the name of a server",
    why: "etcd's JSON gateway uses the server's certificate, so requests through it may run as this user",
    advice: "choose another name; where no OpenStack program uses the gateway, start etcd with "
      + "--enable-grpc-gateway=false")
  static let idle = LintRule(
    "BH010", .info, "a user may do nothing", why: "it has no role, or only roles without grants",
    advice: "delete the user if nothing uses it")
  static let name = LintRule(
    "BH011", .warning, "a user's name cannot be a Common Name as it is",
    why: "no certificate can be issued that etcd would accept for this user",
    advice: "create a user with another name")
  static let unusedRole = LintRule(
    "BH012", .info, "no user has this role", why: "one mistaken 'user grant-role' puts it into force",
    advice: "delete the role if nothing uses it")

  static let coAdministrator = LintRule(
    "BH013", .info, "the file names another administrator",
    why: "its certificate reads and writes everything and changes users and roles",
    advice: "give its certificate a short lifetime, and remove the entry when the program no longer needs it")

  static let lookAlike = LintRule(
    "BH014", .error, "users have names that look alike",
    why: "etcd compares names byte by byte, people do not: who reviews a change cannot tell the users apart",
    advice: "give one of them another name, in ASCII")

  static func lookAlikes(_ segmentation: Segmentation) -> [LintFinding] {
    LookAlike.groups(segmentation.identities.map(\.user)).map { names in
      LintFinding(
        lookAlike, .identity(names[0]), "\(names.map(quoted).joined(separator: ", ")) look alike",
        details: names.map { "\(quoted($0)) is \($0.unicodeScalars.map(\.name).joined(separator: " "))" })
    }
  }

  /// Identities without the role root that may write Bulkhead's record.
  static func writersOfRecord(_ segmentation: Segmentation) -> [LintFinding] {
    let roles = Set(
      segmentation.roles.filter { !isRecordSafe(from: Permissions($0.grants.map(\.grant))) }.map(\.name))
    return segmentation.identities.filter { !$0.isRoot && $0.roles.contains(where: roles.contains) }
      .map { writer($0.user) }
  }

  private static func isRecordSafe(from permissions: Permissions) -> Bool {
    permissions.writable.intersection(.bulkhead).isEmpty
  }

  private static func writer(_ user: String) -> LintFinding {
    LintFinding(record, .identity(user), "'\(user)' may write under \(Key.bulkhead)")
  }

  static func findings(_ segmentation: Segmentation) -> [LintFinding] {
    var findings = lookAlikes(segmentation)
    var byAccess: [Permissions: [Identity]] = [:]
    for identity in segmentation.identities where identity.purpose != .administrator {
      if case .coAdministrator(let why) = identity.purpose {
        findings.append(
          LintFinding(
            coAdministrator, .identity(identity.user),
            "'\(identity.user)' has the role root: \(quoted(why))"))
        continue
      }
      if identity.isRoot {
        findings.append(
          identity.purpose == .apiserver
            ? LintFinding(
              apiserverRoot, .identity(identity.user),
              "kube-apiserver's user '\(identity.user)' has the role root")
            : LintFinding(root, .identity(identity.user), "'\(identity.user)' has the role root"))
        continue
      }
      let permissions = segmentation.permissions(of: identity)
      findings += reach(of: identity, permissions, segmentation)
      if identity.isProgram { byAccess[permissions, default: []].append(identity) }
      if identity.purpose == .calicoctl(.full) {
        findings.append(
          LintFinding(
            full, .identity(identity.user), "'\(identity.user)' may change every resource of Calico"))
      }
    }
    findings += byAccess.values.filter { $0.count > 1 }.compactMap { alike in
      let users = alike.map { "'\($0.user)'" }.joined(separator: ", ")
      return alike.first.map { LintFinding(twins, .identity($0.user), "\(users) may do exactly the same") }
    }.sorted { $0.message < $1.message }
    return findings
  }

  private static func reach(
    of identity: Identity, _ permissions: Permissions, _ segmentation: Segmentation
  ) -> [LintFinding] {
    var findings: [LintFinding] = []
    let everything = permissions.readable.union(permissions.writable)
    let kubernetes = everything.intersection(segmentation.kubernetes)
    // Among the users of a cluster, one with all keys of Kubernetes can only be the API server.
    let isAPIServer =
      identity.purpose == .apiserver
      || identity.purpose == .observed && permissions.allow(.readwrite, segmentation.kubernetes)
    if !kubernetes.isEmpty, !isAPIServer {
      let hasSecrets = !kubernetes.intersection(.prefix(segmentation.kubernetesPrefix + "secrets/")).isEmpty
      findings.append(
        LintFinding(
          hasSecrets ? secrets : Self.kubernetes, .identity(identity.user),
          "'\(identity.user)' reaches \(segmentation.keyNames.names(in: kubernetes).joined(separator: ", "))")
      )
    }
    if !isRecordSafe(from: permissions) { findings.append(writer(identity.user)) }
    let blind = permissions.writable.subtracting(permissions.readable).intersection(.calico)
    if !blind.isEmpty {
      findings.append(
        LintFinding(
          writeOnly, .identity(identity.user),
          "'\(identity.user)' may write but not read "
            + blind.ranges.map(\.description).joined(separator: ", ")))
    }
    return findings
  }

  /// Names that server certificates use: the hosts of the endpoints, the nodes (kubeadm's etcd), and common
  /// names of etcd servers.
  static func names(_ segmentation: Segmentation, file: SegmentationFile) -> [LintFinding] {
    let servers = Set(file.etcd.endpoints.map(\.host) + file.nodes.map(\.text))
    return segmentation.identities.filter {
      servers.contains($0.user) || ServerName.isUsual($0.user)
    }.map {
      LintFinding(serverName, .identity($0.user), "the user '\($0.user)' has a name that etcd's servers have")
    }
  }

  /// Faults that only users and roles created by hand can have.
  static func observed(_ cluster: Segmentation) -> [LintFinding] {
    var findings: [LintFinding] = []
    for identity in cluster.identities where identity.purpose == .observed && !identity.isRoot {
      let permissions = cluster.permissions(of: identity)
      if permissions.readable.isEmpty, permissions.writable.isEmpty {
        findings.append(
          LintFinding(idle, .identity(identity.user), "\(quoted(identity.user)) may do nothing"))
      }
      if let problem = UserName.problem(with: identity.user) {
        findings.append(LintFinding(name, .identity(identity.user), problem.message))
      }
    }
    let used = Set(cluster.identities.flatMap(\.roles))
    for role in cluster.roles where !used.contains(role.name) {
      findings.append(LintFinding(unusedRole, .role(role.name), "no user has the role \(quoted(role.name))"))
    }
    return findings
  }
}

extension Identity {
  /// A program whose permissions should differ from those of every other. calicoctl users share roles on
  /// purpose, and so may the users of one component on several nodes.
  fileprivate var isProgram: Bool {
    node == nil && (component != nil || purpose == .custom)
  }
}

extension Unicode.Scalar {
  /// `U+0430` for a character outside ASCII, else the character.
  fileprivate var name: String {
    guard !isASCII else { return String(self) }
    let digits = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}
