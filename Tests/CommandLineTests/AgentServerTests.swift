import Certificates
import Files
import Foundation
import TestSupport
import Testing

/// Agents and `bulkhead authority serve`, each in its own process.
@Suite(.timeLimit(.minutes(30))) struct AgentServerTests {
  @Test func aNodeJoinsWithATokenAndRenewsWithItsCertificate() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    func bulkhead(_ arguments: String...) async throws -> Program.Outcome {
      try await aside { try Program.run(Program.path, arguments, in: path) }
    }
    try #require(await bulkhead("certs", "authority").code == 0)
    let file = """
      apiVersion: bulkhead/v1
      kind: Segmentation
      cluster: test
      calico: {version: v3.32.1}
      etcd: {endpoints: [https://127.0.0.1:2379], ca: pki/ca.crt, certificate: pki/root.crt, key: pki/root.key}
      isolation: node-user
      components: [calico-node, cni-plugin]
      nodes: [node-1, node-2]
      certificates: {authority: {directory: pki}, lifetime: 1m}

      """
    try AtomicFile.write(Array(file.utf8), to: path + "/bulkhead.yaml")
    let server = try Running(
      ["authority", "serve", "--listen", "127.0.0.1:0", "--host", "127.0.0.1"], in: path)
    try await wait(for: server) { server.output.contains("listening on 127.0.0.1:") }
    let address = try #require(
      server.output.split(separator: "\n").first { $0.contains("listening on ") }?.split(separator: " ").last)
    for node in ["node-1", "node-2"] {
      let made = try await bulkhead("authority", "token", "--node", node, "--to", "\(node).token")
      try #require(made.code == 0, "\(made.error)")
    }
    func configuration(_ node: String, token: String) -> String {
      """
      apiVersion: bulkhead/v1
      kind: Agent
      source: {server: {address: 'https://\(address)', ca: pki/ca.crt, token: \(token).token}}
      certificates:
        - {identity: calico-node.\(node), directory: \(node)/calico-node}
        - {identity: cni-plugin.\(node), directory: \(node)/cni-plugin}
      renewal: {share: 0.1, jitter: 0.05}

      """
    }
    let agent = try Running(agent: configuration("node-1", token: "node-1"), in: path)
    let out = path + "/node-1/calico-node"
    try await wait(for: agent) { (try? pair(in: out)) != nil }
    let first = try pair(in: out).facts
    #expect(first.user == "calico-node.node-1")
    // The token was valid for one certificate each: from here on requests use the certificate.
    var seen = Set([first.fingerprint])
    try await wait(for: agent) {
      if let now = try? pair(in: out) { seen.insert(now.facts.fingerprint) }
      return seen.count >= 4
    }
    #expect(try pair(in: path + "/node-1/cni-plugin").facts.user == "cni-plugin.node-1")
    #expect(try await agent.end() == 0)

    // A key that another program may know is replaced at once, and the server's log has the reason.
    let before = try pair(in: out).facts.fingerprint
    let renewed = try await bulkhead(
      "agent", "--config", "agent.yaml", "--once", "--renew", "key-compromise")
    #expect(renewed.code == 0, "\(renewed.all)")
    #expect(try pair(in: out).facts.fingerprint != before)
    #expect(server.output.contains("\"early\":\"key-compromise\""))
    #expect(try await bulkhead("agent", "--config", "agent.yaml", "--renew", "requested").code == 64)

    // The token of another node is refused.
    try AtomicFile.write(
      Array(configuration("node-1", token: "node-2").replacing("node-1/", with: "stolen/").utf8),
      to: path + "/agent.yaml")
    let stolen = try await bulkhead("agent", "--config", "agent.yaml", "--once")
    #expect(stolen.code == 1)
    #expect(stolen.error.contains(" answers 40"), "\(stolen.error)")
    #expect(try FileContents.readIfPresent(path + "/stolen/calico-node/etcd-key") == nil)
    #expect(try await server.end() == 0)
  }
}
