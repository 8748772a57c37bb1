import AgentFile
import CertificateSources
import Names
import StrictYAML
import Testing

@testable import Agent

private let goodFile = """
  apiVersion: bulkhead/v1
  kind: Agent
  source:
    vault:
      address: https://vault.example:8200/
      ca: vault-ca.crt
      namespace: team-a
      pki: {mount: pki-calico, role: 'calico-${NODE_NAME}'}
      auth:
        appRole: {roleId: abc, secretId: /run/secret-id}
  certificates:
    - identity: calico-node.${NODE_NAME}
      directory: /etc/bulkhead/calico-node
      keyMode: 0640
      certificateMode: "0444"
      owner: root
      group: 999
      cniCopy: /etc/cni/net.d/calico-tls
      afterChange: {command: [/bin/echo, '${NODE_NAME}', 1]}
    - {identity: felix, directory: felix, afterChange: {signal: HUP, pidFile: /run/felix.pid}}
  etcdCA: etcd-ca.crt
  lifetime: 24h
  renewal: {share: 0.5, jitter: 0.2}
  listen: '[::1]:9878'

  """

private func read(
  _ text: String, environment: [String: String] = ["NODE_NAME": "node-1"]
) throws -> AgentConfiguration {
  try AgentConfiguration(text, file: "agent.yaml", folder: "/etc/bulkhead", environment: environment)
}

private func faults(_ text: String, environment: [String: String] = ["NODE_NAME": "node-1"]) throws
  -> [String]
{
  do {
    _ = try read(text, environment: environment)
    return []
  } catch let error as FileFaults {
    return error.faults.map { "\($0.line):\($0.column): \($0.message) | \($0.hint ?? "")" }
  }
}

private func edited(_ old: String, _ new: String) throws -> String {
  try #require(goodFile.contains(old), "the file has no \(old)")
  return goodFile.replacing(old, with: new, maxReplacements: 1)
}

@Suite struct ConfigurationTests {
  @Test func readsEachKey() throws {
    let agent = try read(goodFile)
    #expect(
      agent.source
        == .vault(
          VaultSettings(
            address: try SourceAddress("https://vault.example:8200"), authority: "/etc/bulkhead/vault-ca.crt",
            namespace: "team-a", engine: .pki(mount: "pki-calico", role: "calico-node-1"),
            login: .appRole(mount: "approle", roleID: "abc", secretID: Secret(file: "/run/secret-id")))))
    let node = try #require(agent.deliveries.first)
    #expect(node.identity == "calico-node.node-1")
    #expect(node.keyMode == 0o640)
    #expect(node.certificateMode == 0o444)
    #expect(node.owner == "root")
    #expect(node.group == "999")
    #expect(node.cniCopy == "/etc/cni/net.d/calico-tls")
    // Variables in a command are not expanded.
    #expect(node.afterChange == .command(["/bin/echo", "${NODE_NAME}", "1"]))
    let felix = try #require(agent.deliveries.last)
    #expect(felix.directory == "/etc/bulkhead/felix")
    #expect(felix.keyMode == 0o600)
    #expect(felix.certificateMode == 0o644)
    #expect(felix.afterChange == .signal(.hangup, pidFile: "/run/felix.pid"))
    #expect(agent.etcdCA == "/etc/bulkhead/etcd-ca.crt")
    #expect(agent.lifetime == Lifetime("24h"))
    #expect(agent.renewal == RenewalPolicy(share: 0.5, jitter: 0.2))
    #expect(agent.listen?.description == "[::1]:9878")
  }

  typealias Expected = @Sendable () throws -> AgentConfiguration.Source

  static let sources: [(String, Expected)] = [
    ("directory: {path: /issued}", { .directory("/issued") }),
    (
      "server: {address: 'https://a:8443', token: /run/token}",
      {
        .server(
          ServerSettings(
            address: try SourceAddress("https://a:8443"), authority: nil,
            token: Secret(file: "/run/token", variable: "BULKHEAD_TOKEN")))
      }
    ),
    (
      "vault: {address: 'https://v', kv: {path: calico}, auth: {kubernetes: {role: r}}}",
      {
        let token = Secret(file: "/var/run/secrets/kubernetes.io/serviceaccount/token")
        return try vault("https://v", .kubernetes(mount: "kubernetes", role: "r", token: token))
      }
    ),
    (
      "vault: {address: 'http://127.0.0.1:8100', kv: {path: calico}, auth: {token: {}}}",
      { try vault("http://127.0.0.1:8100", .token(Secret(file: nil, variable: "VAULT_TOKEN"))) }
    ),
    (
      "vault: {address: 'https://v', kv: {path: calico}, auth: {certificate: {certificate: /c, key: /k}}}",
      { try vault("https://v", .certificate(mount: "cert", role: nil, certificate: "/c", key: "/k")) }
    ),
  ]

  private static func vault(
    _ address: String, _ login: VaultSettings.Login
  ) throws -> AgentConfiguration.Source {
    .vault(
      VaultSettings(
        address: try SourceAddress(address), authority: nil, namespace: nil,
        engine: .keyValue(mount: "secret", path: "calico"), login: login))
  }

  @Test(arguments: sources) func readsEachSource(text: String, source: Expected) throws {
    let agent = try read(
      """
      apiVersion: bulkhead/v1
      kind: Agent
      source:
        \(text)
      certificates: [{identity: felix, directory: felix}]

      """)
    #expect(try agent.source == source())
    #expect(agent.etcdCA == nil)
    #expect(agent.renewal == RenewalPolicy())
  }

  @Test(arguments: [
    ("source:", "sorce:", "3:1: unknown key 'sorce' in the file | did you mean 'source'?"),
    (
      "    namespace:", "    namspace:",
      "7:5: unknown key 'namspace' in 'source.vault' | did you mean 'namespace'?"
    ),
    (
      "https://vault.example:8200/", "http://vault.example:8200",
      "5:14: 'source.vault.address' is not an https URL | credentials would cross the network in clear: write it as https://HOST:PORT"
    ),
    (
      "https://vault.example", "https://root:s3cret@vault.example",
      "5:14: 'source.vault.address' contains a user name | write it as https://HOST:PORT, and give the credential in a file of its own"
    ),
    (
      "    pki:", "    kv: {path: x}\n    pki:",
      "5:5: 'source.vault' has more than one of pki, kv | write exactly one of them"
    ),
    (
      "appRole: {roleId: abc, secretId: /run/secret-id}", "{}",
      "10:7: 'source.vault.auth' has none of token, appRole, kubernetes, jwt, certificate | write exactly one of them"
    ),
    (
      "  vault:", "  directory: {path: /x}\n  vault:",
      "4:3: 'source' has more than one of directory, server, vault | write exactly one of them"
    ),
    (
      "0640", "0644",
      "14:14: 'keyMode' 0644 would let everyone read a private key | use 0600, or 0640 with the group of the program that reads it"
    ),
    (
      "0640", "rw-r-----",
      "14:14: 'keyMode' cannot be 'rw-r-----' | write it in octal, as in 0640"
    ),
    (
      "[/bin/echo,", "[echo,",
      "19:18: 'afterChange.command' does not begin with the path of a program | no shell is asked: write [/usr/bin/systemctl, reload, calico-node]"
    ),
    (
      "signal: HUP", "signal: KILL",
      "20:63: 'afterChange.signal' cannot be 'KILL' | known here: HUP, USR1, USR2, TERM"
    ),
    (
      "directory: felix", "directory: /etc/bulkhead/calico-node",
      "20:5: the folder '/etc/bulkhead/calico-node' is used twice | give each certificate a folder of its own"
    ),
    (
      "identity: felix", "identity: root",
      "20:16: the user 'root' is etcd's administrator and cannot be segmented | give this identity a name of its own; Bulkhead manages 'root' by itself"
    ),
    (
      "share: 0.5", "share: 0.15",
      "23:10: 'renewal.jitter' is not less than 'renewal.share' | the certificate would be due when it is new; the usual values are 0.67 and 0.1"
    ),
    (
      "24h", "24s",
      "22:11: 'lifetime' cannot be '24s' | a number and a unit, at most 100y: 90d, 12h, 30m, 4w, 1y"
    ),
    (
      "'[::1]:9878'", "a:b:80",
      "24:9: 'listen' cannot be 'a:b:80' | write it as 127.0.0.1:9878, or [::1]:9878"
    ),
    ("'[::1]:9878'", "'a:0'", "24:9: 'listen' cannot be 'a:0' | write it as 127.0.0.1:9878, or [::1]:9878"),
    ("'[::1]:9878'", "9878", "24:9: 'listen' must be a text, found a number | write it in quotes: \"9878\""),
    (
      "etcdCA: etcd-ca.crt\n", "",
      "4:3: Vault's PKI engine does not say which authorities etcd's own certificates have | name their file: 'etcdCA: FILE'"
    ),
  ]) func faultsHaveAPlaceAndAHint(old: String, new: String, fault: String) throws {
    #expect(try faults(edited(old, new)) == [fault])
  }

  @Test func anUnsetVariableIsAFault() throws {
    let found = try faults(goodFile, environment: [:])
    #expect(found.count == 2)
    #expect(
      found.last
        == "12:15: 'identity' refers to the environment variable 'NODE_NAME', which is not set | set it where the agent is started: 'Environment=' of its unit, in a pod 'fieldRef: {fieldPath: spec.nodeName}'"
    )
  }

  @Test func aNodeIsKnownByItsNameInCalico() throws {
    let file = try edited("calico-node.${NODE_NAME}", "calico-node.${CALICO_NODE_NAME}")
    func identity(_ names: String, here: String = "node-1") throws -> String? {
      try read(file + names, environment: ["NODE_NAME": here]).deliveries.first?.identity
    }
    #expect(try identity("") == "calico-node.node-1")
    #expect(try identity("nodeNames: {node-1: host-1, 'node-2': host-2}\n") == "calico-node.host-1")
    #expect(try identity("nodeNames: {node-1: host-1}\n", here: "node-3") == "calico-node.node-3")
    #expect(try identity("nodeNames: {a: b, b: a}\n", here: "b") == "calico-node.a")
    // It would ask for the identities of another node.
    let stranger = try faults(file + "nodeNames: {node-1: host-1}\n", environment: ["NODE_NAME": "host-1"])
    #expect(stranger.first?.contains("'host-1' is Calico's name of a node that has another name") == true)
    #expect(try faults(file + "nodeNames: [a]\n").first?.contains("'nodeNames' is not a mapping") == true)
    let unknown = try faults(file + "nodeNames: {a: b}\n", environment: [:])
    #expect(unknown.contains { $0.contains("'nodeNames' needs the environment variable 'NODE_NAME'") })
  }

  @Test func anEmptyFileIsAFault() throws {
    #expect(
      try faults("") == ["1:1: the file is empty | see Documentation/agent.md for one to begin with"])
  }
}
