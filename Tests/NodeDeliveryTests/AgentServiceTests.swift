import Agent
import AgentFile
import Foundation
import NodeDelivery
import Testing
import YAML

@Suite struct AgentServiceTests {
  private static let source = """
    server:
      address: https://authority.example:8443
      ca: /etc/bulkhead/authority-ca.crt
      token: ${CREDENTIALS_DIRECTORY}/join
    """

  private func texts(_ form: HostBundle.Form) throws -> [String: String] {
    let (file, _, sites) = try segmentation(
      "components: [calico-node, cni-plugin, dhcp-agent]\nnodes: [n1]\nisolation: node-user")
    return try bundle(form, file, source: Self.source).texts(for: sites[0])
  }

  @Test func `the agent accepts its configuration`() throws {
    let text = try #require(try texts(.systemd)["n1/etc/bulkhead/agent.yaml"])
    let folder = try TemporaryFolder()
    try text.write(toFile: "\(folder.path)/agent.yaml", atomically: true, encoding: .utf8)
    // As 'bulkhead agent --check' reads it in a shell: the unit's environment is not there.
    let configuration = try AgentConfiguration(file: "\(folder.path)/agent.yaml", environment: [:])
    #expect(
      configuration.sourceFiles == ["/etc/bulkhead/authority-ca.crt", "/etc/bulkhead/credentials/join"])
    #expect(
      configuration.deliveries.map(\.identity) == ["calico-node.n1", "cni-plugin.n1", "dhcp-agent-transport"])
    #expect(configuration.deliveries.map(\.directory)[1] == "/etc/bulkhead/cni-plugin")
    #expect(configuration.deliveries.map(\.cniCopy) == [nil, "/etc/cni/net.d/calico-tls", nil])
    #expect(configuration.deliveries.map(\.keyMode) == [0o400, 0o400, 0o440])
    #expect(configuration.etcdCA == "/etc/bulkhead/etcd-ca.crt")
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")))
  func `systemd accepts its unit`() throws {
    let unit = try #require(try texts(.systemd)["n1/etc/systemd/system/bulkhead-agent.service"])
    // systemd does not start a unit whose LoadCredential= names a missing file, such as a used join token.
    #expect(!unit.contains("LoadCredential"))
    #expect(!unit.contains("Environment="))
    #expect(unit.contains("\nReadWritePaths=/etc/bulkhead -/etc/cni/net.d\n"))
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/bulkhead-agent.service"
    try unit.write(toFile: path, atomically: true, encoding: .utf8)
    let verified = try run("/usr/bin/systemd-analyze", ["verify", "--man=no", path])
    #expect(verified.code == 0 && !verified.output.contains("bulkhead-agent.service"), "\(verified.output)")
    try unit.replacing("NoNewPrivileges=", with: "NoNewPrivilege=").write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(
      try run("/usr/bin/systemd-analyze", ["verify", "--man=no", path]).output.contains("NoNewPrivilege"),
      "the check would not see a slip")
  }

  @Test func `user-data contains the files unchanged`() throws {
    let text = try #require(try texts(.cloudInit)["n1/user-data"])
    #expect(text.hasPrefix("#cloud-config\n"))
    var reader = try DocumentReader(text)
    let root = try #require(try reader.next()).root
    let files = try #require(root["write_files"]?.sequence)
    let systemd = try texts(.systemd)
    #expect(files.count > 3)
    for file in files {
      let path = try #require(file["path"]?.string)
      // Settings are put in their places afterwards, because the files may exist.
      let source = path.replacing("/etc/bulkhead/settings/", with: "/settings/")
        .replacing("/etc/bulkhead/put", with: "/put")
      #expect(file["content"]?.string == systemd["n1\(source)"], "\(path)")
    }
    let commands = try #require(root["runcmd"]?.sequence).compactMap { $0.sequence?.last?.string }
    #expect(
      commands.first
        == "BULKHEAD_BASE=/etc/bulkhead '/etc/bulkhead/put' 'env' '/etc/calico/calico.env' '0644' 'root' 'root' "
        + "<'/etc/bulkhead/settings/etc/calico/calico.env'")
    #expect(
      root["runcmd"]?.sequence?.last?.sequence?.map(\.string) == [
        "systemctl", "enable", "--now", "bulkhead-agent.service",
      ])
  }

  @Test func `a node and a program on one host have units of their own`() throws {
    let (file, _, sites) = try segmentation("components: [calico-node, kube-controllers]\nnodes: [n1]")
    let bundle = bundle(.systemd, file, source: Self.source)
    let texts = try sites.map { try bundle.texts(for: $0) }
    let paths = texts.map { Set($0.keys.map { String($0.drop { $0 != "/" }) }) }
    let common = paths[0].intersection(paths[1])
    #expect(
      common == ["/FILES", "/SHA256SUMS", "/install", "/network", "/put", "/etc/bulkhead/etcd-ca.crt"],
      "\(common)")
    let unit = try #require(
      texts[1]["kube-controllers/etc/systemd/system/bulkhead-agent-kube-controllers.service"])
    #expect(unit.contains(" --config /etc/bulkhead/agent-kube-controllers.yaml\n"))
    #expect(texts[0]["n1/etc/systemd/system/bulkhead-agent.service"] != nil)
    let agent = try #require(texts[1]["kube-controllers/etc/bulkhead/agent-kube-controllers.yaml"])
    #expect(agent.contains("token: /etc/bulkhead/credentials/kube-controllers/join\n"))
  }

  @Test func `one source gives each node a role of its own`() throws {
    let (file, _, sites) = try segmentation(
      "components: [calico-node, kube-controllers]\nnodes: [n1, n2]\nisolation: node-user")
    let source = """
      vault:
        address: https://vault.example:8200
        pki: {role: "calico-${NODE_NAME}", mount: "$${NODE_NAME}"}
        auth:
          appRole: {roleId: "x-${NODE_NAME}", secretId: "${CREDENTIALS_DIRECTORY}/secret-id"}
      """
    let bundle = bundle(.systemd, file, source: source)
    for (site, folder) in zip(sites, ["", "", "/kube-controllers"]) {
      let text = try #require(try bundle.texts(for: site).first { $0.key.contains("/etc/bulkhead/agent") })
        .value
      #expect(text.contains("pki: {role: \"calico-\(site.name)\", mount: \"$${NODE_NAME}\"}"), "\(text)")
      #expect(text.contains("{roleId: \"x-\(site.name)\","), "\(text)")
      let configuration = try AgentConfiguration(
        text, file: "agent.yaml", folder: "/etc/bulkhead", environment: [:])
      #expect(configuration.sourceFiles == ["/etc/bulkhead/credentials\(folder)/secret-id"])
    }
  }

  private static let python = "\(root)/.tools/kubernetes-validate/bin/python"
  private static let schema =
    "\(root)/.tools/cloud-init/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json"

  @Test(.enabled(if: [python, schema].allSatisfy(FileManager.default.fileExists(atPath:))))
  func `user-data conforms to cloud-init's schema`() throws {
    let folder = try TemporaryFolder()
    try #require(try texts(.cloudInit)["n1/user-data"]).write(
      toFile: "\(folder.path)/user-data", atomically: true, encoding: .utf8)
    let check = """
      import json, sys, yaml, jsonschema
      data = yaml.safe_load(open(sys.argv[1]))
      data.update(json.loads(sys.argv[3]))
      jsonschema.Draft4Validator(json.load(open(sys.argv[2]))).validate(data)
      """
    func validate(_ more: String) throws -> (code: Int32, output: String) {
      try run(Self.python, ["-c", check, "\(folder.path)/user-data", Self.schema, more])
    }
    let good = try validate("{}")
    #expect(good.code == 0, "\(good.output)")
    #expect(try validate(#"{"write_files": [{"path": 1}]}"#).code != 0, "the check would not see a slip")
  }
}
