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

  @Test func aWholeFileOfTheUsersKeysIsTheHead() throws {
    let text =
      "# note\napiVersion: bulkhead/v1\nlifetime: 24h\nsource:\n  directory: {path: /from}\nrenewal:\n  share: 0.5\nlisten: 127.0.0.1:1\n"
    let certificates = [AgentDelivery(identity: "a", directory: "/a", directoryMode: 0o700)]
    let whole = AgentFile(source: text, certificates: certificates, etcdCA: "/ca")
    let configuration = try read(whole.text)
    #expect(configuration.source == .directory("/from"))
    #expect(configuration.lifetime != nil)
    #expect(configuration.renewal.share == 0.5)
    #expect(configuration.listen != nil && configuration.deliveries == certificates)
    let deaf = AgentFile(source: text, certificates: certificates, etcdCA: "/ca", listens: false)
    #expect(try read(deaf.text).listen == nil)
    #expect(try read(deaf.text).renewal.share == 0.5)
    // Line 5 of the user is line 6 of the file: the apiVersion is written once, the kind is added.
    #expect(whole.place(ofLine: 6, column: 3)?.line == 5 && whole.place(ofLine: 1, column: 1) == nil)
    let section = AgentFile(source: "\ndirectory:\n  path: /x\n", certificates: certificates, etcdCA: "/ca")
    let place = try #require(section.place(ofLine: 5, column: 5))
    #expect(place == (3, 3))
  }
}
