import Certificates
import Etcd
import Files
import Foundation
import Keyspace
import Synchronization
import TestSources
import TestSupport
import Testing
import ThrowawayEtcd

/// The agents of two nodes, a real etcd, certificates that are valid for seconds, and clients that write all
/// the time.
@Suite(.serialized, .startsEtcd, .timeLimit(.minutes(30))) struct AgentRenewalTests {
  @Test(arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 3 })
  func clientsKeepWorkingThroughManyRenewals(_ server: Server) async throws {
    let folder = try TemporaryFolder()
    try await SourceDouble.with { double in
      // The etcd members trust the source's authority.
      try double.clients.save(to: folder.path + "/etcd/pki")
      let etcd = try await ThrowawayEtcd.start(
        members: server.members, binary: server.binary, in: folder.path + "/etcd")
      defer { etcd.stop() }
      let nodes = ["node-1", "node-2"]
      try await prepare(etcd, nodes)
      double.state.withLock { state in
        state.lifetime = .seconds(15)
        for node in nodes { state.allowed[node] = ["calico-node.\(node)"] }
      }
      var agents: [Running] = []
      for node in nodes {
        try Directory.create("\(folder.path)/\(node)")
        agents.append(
          try Running(
            agent: configuration(double, etcd, node), in: "\(folder.path)/\(node)",
            environment: ["NODE": node, "VAULT_TOKEN": "root-token"]))
      }
      for node in nodes { try await wait { (try? pair(in: "\(folder.path)/\(node)/out")) != nil } }
      let first = try pair(in: "\(folder.path)/node-1/out")
      try write(first, to: folder.path + "/first")

      let end = ContinuousClock.now + .seconds(20)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for node in nodes {
          group.addTask {
            let other = node == "node-1" ? "node-2" : "node-1"
            var count = 0
            // On a busy machine a write may take seconds.
            while ContinuousClock.now < end || count < 6 {
              try await put(etcd, "\(folder.path)/\(node)/out", to: "/node/\(node)/\(count)")
              count += 1
              if count.isMultiple(of: 5) {
                let error = await refusal(etcd, "\(folder.path)/\(node)/out", to: "/node/\(other)/x")
                #expect(error?.code == .permissionDenied, "\(String(describing: error))")
              }
            }
          }
        }
        try await group.waitForAll()
      }
      for node in nodes {
        #expect(double.issued.count { $0 == "calico-node.\(node)" } >= 3, "\(double.issued)")
      }
      // The first certificate expired long ago: without the agent nothing would work any more.
      #expect(first.facts.notAfter < Date())
      #expect(await refusal(etcd, folder.path + "/first", to: "/node/node-1/x") != nil)
      for agent in agents { #expect(try await agent.end() == 0) }
    }
  }

  private func configuration(_ double: SourceDouble, _ etcd: ThrowawayEtcd, _ node: String) -> String {
    """
    apiVersion: bulkhead/v1
    kind: Agent
    source:
      vault:
        address: \(double.url)
        ca: \(double.authority)
        pki: {role: '${NODE}'}
        auth: {token: {}}
    certificates: [{identity: 'calico-node.${NODE}', directory: out}]
    etcdCA: \(etcd.serverAuthority)
    renewal: {share: 0.3, jitter: 0.1}

    """
  }

  private func prepare(_ etcd: ThrowawayEtcd, _ nodes: [String]) async throws {
    try await EtcdClient.connect(to: etcd.endpoints, as: etcd.root, timeout: .seconds(30)) { client in
      for node in nodes {
        let user = "calico-node.\(node)"
        try await client.addUser(user)
        try await client.addRole(user)
        try await client.grant(
          Permission(Grant(.prefix(Key("/node/\(node)/")), .readwrite)), toRole: user)
        try await client.grant(role: user, toUser: user)
      }
      try await client.addUser("root")
      try await client.grant(role: "root", toUser: "root")
      try await client.enableAuth()
      for endpoint in etcd.endpoints {
        while try await !client.only(endpoint).isAuthEnabled() {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
    }
  }

  private func write(_ credential: Credential, to directory: String) throws {
    try Directory.create(directory)
    try AtomicFile.write(
      [
        NewFile(name: "etcd-key", bytes: Array(credential.key.secretPEM().utf8), mode: 0o600),
        NewFile(name: "etcd-cert", bytes: Array(credential.certificatePEM.utf8), mode: 0o644),
      ], in: directory)
  }
}

/// Writes a key over its own connection. etcd's client reads the certificate and then the key, by path: if
/// they are replaced in between, it fails to connect and retries, as gRPC does.
private func put(_ etcd: ThrowawayEtcd, _ directory: String, to key: String) async throws {
  let before = try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/..data")
  guard let error = await refusal(etcd, directory, to: key) else { return }
  let after = try FileManager.default.destinationOfSymbolicLink(atPath: directory + "/..data")
  guard before != after else { throw error }
  if let error = await refusal(etcd, directory, to: key) { throw error }
}

private func refusal(_ etcd: ThrowawayEtcd, _ directory: String, to key: String) async -> EtcdError? {
  do {
    let credentials = ClientCredentials(
      authority: etcd.serverAuthority, certificate: directory + "/etcd-cert", key: directory + "/etcd-key")
    try await EtcdClient.connect(to: etcd.endpoints, as: credentials, timeout: .seconds(20)) { client in
      try await client.put(Array("x".utf8), at: Key(key))
    }
    return nil
  } catch {
    return error as? EtcdError
      ?? EtcdError(code: .unavailable, operation: "connect", endpoint: "", message: "\(error)")
  }
}
