import Agent
import AgentFile
import Testing

@Suite struct AgentFileTests {
  private func read(_ text: String) throws -> AgentConfiguration {
    try AgentConfiguration(
      text, file: "agent.yaml", folder: "/etc/bulkhead", environment: ["NODE_NAME": "n1"])
  }

  @Test func theAgentReadsWhatIsWritten() throws {
    let certificates = [
      AgentDelivery(identity: #"a"b\c: ü #x"#, directory: "/a b"),
      AgentDelivery(
        identity: "felix", directory: "/var/run/felix", keyMode: 0o440, certificateMode: 0o444, owner: "yes",
        group: "999", cniCopy: "/etc/cni/net.d/calico-tls",
        afterChange: .command(["/bin/echo", "it's \"x\"", "1"])),
      AgentDelivery(
        identity: "x", directory: "/x", afterChange: .signal(.user1, pidFile: "/run/x.pid")),
    ]
    let file = AgentFile(
      source: "directory:\n\n  path: /from\n", certificates: certificates, etcdCA: "/etc/bulkhead/etcd-ca.crt"
    )
    let configuration = try read(file.text)
    #expect(configuration.deliveries == certificates)
    #expect(configuration.source == .directory("/from"))
    #expect(configuration.etcdCA == "/etc/bulkhead/etcd-ca.crt")
  }

  @Test func variablesAreLeftForTheAgent() throws {
    let file = AgentFile(
      source: "directory: {path: /from}",
      certificates: [AgentDelivery(identity: "calico-node.${NODE_NAME}", directory: "/a")], etcdCA: "/ca")
    #expect(try read(file.text).deliveries.map(\.identity) == ["calico-node.n1"])
  }
}
