import Certificates
import Errors
import Etcd
import Files
import FoundationEssentials
import Names

/// An etcd cluster of real servers on loopback, for the demo and the tests: TLS on every port, client
/// certificates required, authentication off.
///
/// Every server ends after ``Options/lifetime``, even if the process that started it is killed.
package struct ThrowawayEtcd: Sendable {
  /// How the members are started.
  package struct Options: Sendable {
    /// Whether etcd takes the client certificate's Common Name as the user; etcd requires a client
    /// certificate in either case.
    package var clientCertAuth = true
    /// Whether the JSON gateway is on. It calls its member with the member's server certificate, so the member then
    /// accepts certificates of the servers' authority from clients too.
    package var hasGateway = false
    /// The quota of the database in bytes; nil for etcd's default.
    package var quotaBackendBytes: Int64?
    /// The time after which a server is killed; 15 minutes by default.
    package var lifetime: Duration = .seconds(900)
    /// How long the authority of clients is valid; a day by default.
    package var clientAuthorityLifetime: Duration = .seconds(86_400)
    /// Whether one authority signs the certificates of servers, peers and clients, as kubeadm's does. Otherwise clients
    /// have their own.
    package var hasOneAuthority = false
    /// Added to every member's arguments, after the usual ones; if a flag is given twice, etcd uses the last.
    package var extraArguments: [String]

    package init(hasGateway: Bool = false, extraArguments: [String] = []) {
      self.hasGateway = hasGateway
      self.extraArguments = extraArguments
    }
  }

  /// Contains the authority of the server certificates (`etcd-ca`), that of the client certificates (`pki`),
  /// and the data and log of each member.
  package let directory: String
  package let members: [MemberProcess]

  /// The client URLs of the members.
  package var endpoints: [Endpoint] { members.map(\.endpoint) }
  /// The path of the authority that signed the server certificates.
  package var serverAuthority: String { "\(directory)/etcd-ca/ca.crt" }
  /// The folder of the authority whose client certificates the servers accept.
  package var clientAuthority: String { "\(directory)/pki" }
  /// The administrator's certificate.
  package var root: ClientCredentials { credentials(of: "root") }

  /// The certificate of a user in the folder of the client authority, which must have been issued before.
  package func credentials(of user: String) -> ClientCredentials {
    ClientCredentials(
      authority: serverAuthority, certificate: "\(clientAuthority)/clients/\(user).crt",
      key: "\(clientAuthority)/clients/\(user).key")
  }

  /// Starts a cluster and waits until it has a leader.
  /// - Parameters:
  ///   - binary: The etcd program, by path or by a name on the PATH.
  ///   - directory: Created; must not contain a cluster already. A client authority that it contains is used.
  /// - Throws: ``ThrowawayEtcdError``, with the end of the log of a member that did not start.
  package static func start(
    members count: Int, binary: String = "etcd", in directory: String, options: Options = Options()
  ) async throws -> ThrowawayEtcd {
    let program = try Program.find(binary)
    let names = (1...count).map { "etcd-\($0)" }
    let ports = try FreePorts.take(count * 2)
    try prepareCertificates(of: names, in: directory, options)
    let peers = zip(names, ports.dropFirst(count)).map { "\($0)=https://127.0.0.1:\($1)" }.joined(
      separator: ",")
    var members: [MemberProcess] = []
    do {
      for (index, name) in names.enumerated() {
        members.append(
          try MemberProcess.start(
            name: name, program: program, directory: directory, clientPort: ports[index],
            peerPort: ports[count + index], peers: peers, options: options))
      }
      let cluster = ThrowawayEtcd(directory: directory, members: members)
      try await cluster.waitForLeader()
      return cluster
    } catch {
      for member in members { member.stop() }
      throw error
    }
  }

  /// Stops every member and waits for it.
  package func stop() {
    for member in members { member.stop() }
  }

  private static func prepareCertificates(
    of members: [String], in directory: String, _ options: Options
  ) throws {
    let now = Date()
    let day: Duration = .seconds(86_400)
    let servers = try Authority.create(name: "etcd-ca", lifetime: day, now: now)
    try servers.save(to: "\(directory)/etcd-ca")
    for name in members { try issueServerCertificates(of: name, by: servers, in: directory, now: now) }
    let clients: Authority
    if FileManager.default.fileExists(atPath: "\(directory)/pki/ca.crt") {
      clients = try Authority.load("\(directory)/pki", now: now)
    } else if options.hasOneAuthority {
      clients = servers
      try clients.save(to: "\(directory)/pki")
    } else {
      clients = try Authority.create(
        name: "bulkhead clients", lifetime: options.clientAuthorityLifetime, now: now)
      try clients.save(to: "\(directory)/pki")
    }
    try AtomicFile.write(
      Array((clients.certificatePEM + servers.certificatePEM).utf8), to: "\(directory)/etcd-ca/both.crt",
      mode: 0o644)
    _ = try CredentialDirectory("\(directory)/pki/clients").issueMissing(
      ["root"], by: clients, lifetime: day, now: now, allowRoot: true)
  }

  /// The server certificate and the peer certificate of a member.
  private static func issueServerCertificates(
    of name: String, by servers: Authority, in directory: String, now: Date
  ) throws {
    let day: Duration = .seconds(86_400)
    let hosts = [try HostName("127.0.0.1"), try HostName("localhost")]
    // The server certificate must be valid for client authentication too: the JSON gateway connects to etcd
    // with it.
    for file in ["server", "peer"] {
      let credential = try servers.issue(peer: name, hosts: hosts, lifetime: day, now: now)
      try Directory.create("\(directory)/\(name)")
      try AtomicFile.write(
        [
          NewFile(name: "\(file).key", bytes: Array(credential.key.secretPEM().utf8), mode: 0o600),
          NewFile(name: "\(file).crt", bytes: Array(credential.certificatePEM.utf8), mode: 0o644),
        ], in: "\(directory)/\(name)")
    }
  }

  /// Starts one more member with the same program, and returns when it answers. The caller stops it.
  /// - Parameters:
  ///   - options: For the new member only.
  ///   - announce: Adds the member with this peer URL to the cluster's member list.
  package func startMember(
    _ name: String, options: Options = Options(), announce: (_ peerURL: String) async throws -> Void
  ) async throws -> MemberProcess {
    guard let program = members.first?.command.first else {
      throw ThrowawayEtcdError("the cluster has no member", hint: "start one with a member")
    }
    let now = Date()
    try Self.issueServerCertificates(
      of: name, by: try Authority.load("\(directory)/etcd-ca", now: now), in: directory, now: now)
    let ports = try FreePorts.take(2)
    let url = "https://127.0.0.1:\(ports[1])"
    let others = try await EtcdClient.connect(to: endpoints, as: root) { try await $0.members() }
    try await announce(url)
    let peers = others.flatMap { other in other.peerURLs.map { "\(other.name)=\($0)" } } + ["\(name)=\(url)"]
    var options = options
    options.extraArguments.append("--initial-cluster-state=existing")
    let member = try MemberProcess.start(
      name: name, program: program, directory: directory, clientPort: ports[0], peerPort: ports[1],
      peers: peers.joined(separator: ","), options: options)
    do {
      try await member.waitUntilItAnswers(as: root)
      return member
    } catch {
      member.stop()
      throw error
    }
  }

  private func waitForLeader() async throws {
    // Long, because a busy machine may be slow; a member that has ended is noticed at once.
    let deadline = ContinuousClock.now + .seconds(120)
    try await EtcdClient.connect(to: endpoints, as: root, timeout: .seconds(2)) { etcd in
      for member in members {
        while (try? await etcd.only(member.endpoint).status().hasLeader) != true {
          guard member.isRunning, ContinuousClock.now < deadline else {
            throw ThrowawayEtcdError(
              "\(member.name) did not start: \(member.endOfLog)", hint: "its log is \(member.log)")
          }
          try await Task.sleep(for: .milliseconds(50))
        }
      }
    }
  }
}

extension MemberProcess {
  /// Waits until the member knows a leader.
  /// - Throws: ``ThrowawayEtcdError`` if the member ended, or if two minutes have passed.
  package func waitUntilItAnswers(as credentials: ClientCredentials) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    try await EtcdClient.connect(to: [endpoint], as: credentials, timeout: .seconds(2)) { etcd in
      while (try? await etcd.status().hasLeader) != true {
        guard isRunning, ContinuousClock.now < deadline else {
          throw ThrowawayEtcdError("\(name) did not start: \(endOfLog)", hint: "its log is \(log)")
        }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }
}

/// Why the cluster could not be started.
package struct ThrowawayEtcdError: ExplainedError, Sendable {
  package let description: String
  package let hint: String?

  init(_ description: String, hint: String) {
    self.description = description
    self.hint = hint
  }
}
