import Certificates
import Etcd
import Foundation
import Keyspace
import Names
import Synchronization
import TestSupport
import Testing
import ThrowawayEtcd

/// One authority for servers, peers and clients, as kubeadm makes it. The steps are those of
/// Documentation/certificates.md, "One authority for everything".
@Suite(
  .serialized, .startsEtcd, .timeLimit(.minutes(30)),
  .enabled(if: Server.all.last?.version == "3.5.30", "there is no etcd 3.5.30 here"))
struct OneAuthorityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func shell(_ script: String) throws -> Program.Outcome {
    try Program.run("/bin/sh", ["-c", script], in: folder.path)
  }

  @Test func clientsGetAnAuthorityOfTheirOwnWhileAllOfThemWork() async throws {
    let server = try #require(Server.all.last)
    var options = ThrowawayEtcd.Options()
    options.hasOneAuthority = true
    let cluster = try await ThrowawayEtcd.start(
      members: 3, binary: server.binary, in: folder.path, options: options)
    var members = cluster.members
    defer { for member in members { member.stop() } }
    // The certificates that kubeadm and Calico's manifest use.
    let one = try Authority.load("\(folder.path)/etcd-ca", now: Date())
    _ = try CredentialDirectory("\(folder.path)/pki/clients").issueMissing(
      ["calico", "kube-apiserver-etcd-client"], by: one, lifetime: .seconds(86_400), now: Date())
    let (shared, apiserver) = (
      cluster.credentials(of: "calico"), cluster.credentials(of: "kube-apiserver-etcd-client")
    )
    let peers = try await EtcdClient.connect(to: cluster.endpoints, as: cluster.root, timeout: .seconds(60)) {
      try await $0.members().flatMap(\.peerURLs)
    }
    #expect(peers.count == 3)
    let admitted = try answer(shared, at: peers[0])
    #expect(admitted.out == "200", "\(admitted.all)")

    let begun = try bulkhead(
      "init", "--cluster", "demo", "--ca", "etcd-ca/ca.crt", "--certificate", "pki/clients/root.crt", "--key",
      "pki/clients/root.key", "--endpoint", "\(cluster.endpoints[0])", "--apiserver",
      "kube-apiserver-etcd-client")
    try #require(begun.code == 0, "\(begun.error)")
    #expect(try bulkhead("lint").out.contains("BH050"))
    let refused = try bulkhead("apply", "--enable-auth", "--watch", "0", "--yes")
    #expect(refused.code == 1 && refused.error.contains("BH050"), "\(refused.all)")

    let writers = Writers(cluster.endpoints, [shared, apiserver])
    async let written = writers.run()

    // 1. An authority in another folder.
    #expect(try bulkhead("certs", "authority", "clients", "--clients-only").code == 0)
    try #require(shell("sed -i 's#directory: pki#directory: clients#' bulkhead.yaml").code == 0)
    #expect(try !bulkhead("lint").out.contains("BH050"))

    // 2. Each member trusts both, one after the other.
    try #require(shell("cat etcd-ca/ca.crt clients/ca.crt >clients-ca.crt").code == 0)
    for index in members.indices {
      try await restart(&members[index], adding: ["--trusted-ca-file=\(folder.path)/clients-ca.crt"])
      let trusted = try bulkhead("certs", "trust")
      #expect(trusted.code == (index == 2 ? 0 : 2), "\(trusted.all)")
      #expect(trusted.out.contains("\(index + 1) of 3 members accept"), "\(trusted.all)")
    }

    // 3. The new certificates are good for clients, and for nothing at the peer port.
    let issued = try bulkhead("certs", "issue")
    #expect(issued.code == 0, "\(issued.all)")
    let new = ClientCredentials(
      authority: cluster.serverAuthority, certificate: "\(folder.path)/clients/clients/calico-node.crt",
      key: "\(folder.path)/clients/clients/calico-node.key")
    for member in members { try await put("/new", to: member.endpoint, as: new) }
    for peer in peers { #expect(try !isAdmitted(new, at: peer)) }
    writers.stop()
    let (count, failures) = await written
    #expect(count > 0 && failures.isEmpty, "\(failures)")

    // 4. What the old authority has signed for components is refused, at the peer port too.
    let imported = try bulkhead(
      "certs", "import", "--certificate", "etcd-ca/ca.crt", "--key", "etcd-ca/ca.key", "old",
      "--clients-can-act-as-members")
    try #require(imported.code == 0, "\(imported.all)")
    try #require(shell("sed 's#directory: clients#directory: old#' bulkhead.yaml >old.yaml").code == 0)
    let revoked = try bulkhead("certs", "revoke", "pki/clients/calico.crt", "--file", "old.yaml")
    #expect(revoked.code == 0, "\(revoked.all)")
    for index in members.indices {
      try await restart(
        &members[index],
        adding: [
          "--trusted-ca-file=\(folder.path)/clients-ca.crt",
          "--client-crl-file=\(folder.path)/old/crl.der", "--peer-crl-file=\(folder.path)/old/crl.der",
        ])
    }
    for member in members {
      try await put("/new", to: member.endpoint, as: new)
      try await put("/apiserver", to: member.endpoint, as: apiserver)
      await #expect(throws: (any Error).self) {
        try await put("/old", to: member.endpoint, as: shared, patience: .seconds(5))
      }
    }
    for peer in peers { #expect(try !isAdmitted(shared, at: peer)) }
  }

  /// Whether the peer port answers with the member list.
  private func isAdmitted(_ client: ClientCredentials, at peer: String) throws -> Bool {
    try answer(client, at: peer).out == "200"
  }

  private func answer(_ client: ClientCredentials, at peer: String) throws -> Program.Outcome {
    try Program.run(
      "/usr/bin/env",
      [
        "curl", "-sS", "--http1.1", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "--cacert",
        client.authority,
      ]
        + ["--cert", client.certificate, "--key", client.key, "\(peer)/members"], in: folder.path)
  }

  private func put(
    _ key: Key, to endpoint: Endpoint, as client: ClientCredentials, patience: Duration = .seconds(120)
  ) async throws {
    try await EtcdClient.connect(to: [endpoint], as: client, timeout: patience) {
      try await $0.put([1], at: key)
    }
  }

  private func restart(_ member: inout MemberProcess, adding arguments: [String]) async throws {
    member.stop()
    member = try member.startAgain(adding: arguments)
    try await member.waitUntilItAnswers(
      as: ClientCredentials(
        authority: "\(folder.path)/etcd-ca/ca.crt", certificate: "\(folder.path)/pki/clients/root.crt",
        key: "\(folder.path)/pki/clients/root.key"))
  }
}

/// Clients that write all the time, through any member.
private final class Writers: Sendable {
  private let endpoints: [Endpoint]
  private let clients: [ClientCredentials]
  private let isStopped = Mutex(false)

  init(_ endpoints: [Endpoint], _ clients: [ClientCredentials]) {
    (self.endpoints, self.clients) = (endpoints, clients)
  }

  func stop() { isStopped.withLock { $0 = true } }

  /// - Returns: how many writes succeeded, and the errors of those that did not succeed within a minute.
  func run() async -> (done: Int, failed: [String]) {
    await withTaskGroup(of: (Int, [String]).self) { group in
      for client in clients { group.addTask { await self.run(as: client) } }
      return await group.reduce((0, [])) { ($0.0 + $1.0, $0.1 + $1.1) }
    }
  }

  private func run(as client: ClientCredentials) async -> (Int, [String]) {
    var (done, failed) = (0, [String]())
    while !isStopped.withLock({ $0 }) {
      let deadline = ContinuousClock.now + .seconds(60)
      var error: (any Error)?
      repeat {
        do {
          try await EtcdClient.connect(to: endpoints.shuffled(), as: client, timeout: .seconds(5)) {
            try await $0.put([1], at: Key("/writers/\(client.certificate)"))
          }
          error = nil
        } catch let failure { error = failure }
      } while error != nil && ContinuousClock.now < deadline
      if let error { failed.append("\(error)") } else { done += 1 }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return (done, failed)
  }
}
