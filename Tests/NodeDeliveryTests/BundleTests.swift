import Catalogue
import Foundation
import NodeDelivery
import Segmentation
import Testing

@Suite struct BundleTests {
  @Test func `nodes have the components that run on nodes, and each other component has its own site`()
    throws
  {
    let lines = """
      components: [calico-node, cni-plugin, kube-controllers]
      calicoctl: [{user: "alice/x", access: read-only}]
      nodes: [n1, n2]
      """
    for isolation in ["component", "node-certificate", "node-user"] {
      let sites = try segmentation("\(lines)\nisolation: \(isolation)").sites
      #expect(sites.map(\.fileName) == ["n1", "n2", "kube-controllers", "alice%2Fx"])
      #expect(sites[1].residents.map(\.folder) == ["calico-node", "cni-plugin"])
      let names = sites[1].residents.map(\.identity.certificateName)
      #expect(
        names
          == (isolation == "node-user"
            ? ["calico-node.n2", "cni-plugin.n2"] : ["calico-node", "cni-plugin"]))
      #expect(sites[1].residents[0].certificateNode?.text == (isolation == "component" ? nil : "n2"))
    }
  }

  @Test func `a directory has each host's files, their checksums and their owners`() throws {
    let (file, _, sites) = try segmentation("components: [calico-node, cni-plugin, felix]\nnodes: [n1]")
    let texts = try bundle(.directory, file).texts(for: sites[0])
    #expect(texts["n1/etc/bulkhead/cni-plugin/etcd-key"] == "key of cni-plugin\n")
    #expect(texts["n1/etc/bulkhead/calico-node/etcd-ca"] == "CA\n")
    let environment = try #require(texts["n1/settings/etc/calico/calico.env"])
    for line in [
      "ETCD_ENDPOINTS=https://10.0.0.11:2379,https://10.0.0.12:2379", "NODENAME=n1",
      "ETCD_KEY_FILE=/etc/bulkhead/calico-node/etcd-key",
    ] { #expect(environment.split(separator: "\n").contains(Substring(line)), "\(line)") }
    #expect(
      texts["n1/settings/etc/calico/felix.cfg"]?.contains("EtcdCertFile = /etc/bulkhead/felix/etcd-cert\n")
        == true)
    let network = try #require(texts["n1/settings/etc/cni/net.d/10-calico.conflist"])
    let json = try #require(try JSONSerialization.jsonObject(with: Data(network.utf8)) as? [String: Any])
    let plugin = try #require((json["plugins"] as? [[String: Any]])?.first)
    #expect(plugin["etcd_key_file"] as? String == "/etc/bulkhead/cni-plugin/etcd-key")
    #expect(plugin["nodename"] as? String == "n1")
    #expect(texts["n1/FILES"]?.contains("whole 0400 root root /etc/bulkhead/cni-plugin/etcd-key\n") == true)
    #expect(
      texts["n1/SHA256SUMS"]?.split(separator: "\n").count == texts["n1/FILES"]?.split(separator: "\n").count
    )
  }

  @Test func `OpenStack's programs get user and password, and one member each`() throws {
    let (file, _, sites) = try segmentation(
      "components: [neutron-driver, dhcp-agent]\nnodes: [n1, n2]\nisolation: node-user")
    let agent = try #require(
      try bundle(.directory, file).texts(for: sites[1])[
        "n2/settings/etc/neutron/neutron.conf"])
    for line in [
      "[calico]", "etcd_username = dhcp-agent.n2", "etcd_password = password-of-dhcp-agent.n2",
      "etcd_port = 2379",
      "etcd_key_file = /etc/bulkhead/dhcp-agent/etcd-key",
    ] { #expect(agent.split(separator: "\n").contains(Substring(line)), "\(line)") }
    let driver = try bundle(.directory, file).texts(for: sites[2])
    #expect(
      driver["neutron-driver/settings/etc/neutron/neutron.conf"]?
        .contains("etcd_compaction_period_mins = 0\n") == true)
    #expect(
      driver["neutron-driver/etc/bulkhead/neutron-driver/etcd-key"] == "key of neutron-driver-transport\n")
    #expect(driver["neutron-driver/FILES"]?.contains("ini 0640 root neutron /etc/neutron") == true)
    #expect(
      driver["neutron-driver/etc/bulkhead/neutron-driver/calico.conf"]?.contains(
        "\netcd_username = neutron-driver\n")
        == true)
    // The hint of a host without a group neutron, followed.
    let owned = bundle(
      .directory, file, owners: ["neutron-driver": "root:octavia", "dhcp-agent.n2": "dhcp"])
    let lists = try sites.map { try owned.texts(for: $0)["\($0.fileName)/FILES"] ?? "" }
    #expect(lists[2].contains("ini 0640 root octavia /etc/neutron/neutron.conf\n"), "\(lists[2])")
    #expect(!lists[2].contains("neutron /etc") && lists[1].contains("ini 0600 dhcp root /etc/neutron"))
    // Every user of the machine can read its user-data.
    let user = try bundle(.cloudInit, file).texts(for: sites[1])
    #expect(user.values.allSatisfy { !$0.contains("password-of") && !$0.contains("key of") })
  }

  @Test func `a region is in the settings of all programs that have it in their keys`() throws {
    let components = "components: [neutron-driver, dhcp-agent, felix]\nnodes: [n1]\nisolation: node-user"
    let (file, model, sites) = try segmentation(components, calico: ", region: north")
    let files = try sites.map { try bundle(.directory, file).texts(for: $0) }.reduce([:]) {
      $0.merging($1) { $1 }
    }
    for (path, line) in [
      ("n1/settings/etc/neutron/neutron.conf", "openstack_region = north"),
      ("neutron-driver/settings/etc/neutron/neutron.conf", "openstack_region = north"),
      ("n1/settings/etc/calico/felix.cfg", "OpenstackRegion = north"),
    ] { #expect(files[path]?.contains("\n\(line)\n") == true, "\(path): \(files[path] ?? "")") }
    let keys = model.roles.flatMap(\.grants).map { "\($0)" }
    #expect(keys.contains { $0.contains("/calico/felix/v2/region-north/host/n1/") }, "\(keys)")
    #expect(keys.contains { $0.contains("/calico/dhcp/v2/region-north/subnet") })
    #expect(!keys.contains { $0.contains("no-region") })
    let (plain, _, places) = try segmentation(components)
    #expect(
      try bundle(.directory, plain).texts(for: places[0]).allSatisfy {
        $0.key.hasSuffix("/put") || !$0.value.contains("egion")
      })
    let fault = #expect(throws: (any Error).self) { try segmentation(components, calico: ", region: North") }
    #expect("\(fault.map { "\($0)" } ?? "")".contains("is not a valid OpenStack region"))
  }

  @Test func `the same input gives the same bundle, and only changed files are written`() throws {
    let folder = try TemporaryFolder()
    let (file, _, sites) = try segmentation("components: [calico-node, cni-plugin]\nnodes: [n1, n2]")
    let bundle = bundle(.directory, file)
    func write(_ key: String) throws -> (Int, Int) {
      var writer = try BundleWriter("\(folder.path)/bundle")
      for site in sites {
        let files = try bundle.files(
          for: site,
          material: { _ in CredentialMaterial(authority: [1], certificate: [2], key: Array(key.utf8)) },
          password: { $0 })
        for file in files { try writer.write(file) }
      }
      return (writer.written, writer.unchanged)
    }
    let first = try write("a")
    #expect(first.0 > 10 && first.1 == 0)
    #expect(try write("a") == (0, first.0))
    // Two keys on each of two nodes, and each node's checksums.
    #expect(try write("b") == (6, first.0 - 6))
    let found = try run("/usr/bin/find", ["\(folder.path)/bundle", "-perm", "/077"])
    #expect(found.output.isEmpty, "\(found.output)")
  }

  @Test func `one identity for all of Calico is used on each node`() throws {
    let sites = try segmentation("components: [calico]\nnodes: [n1, n2]").sites
    #expect(sites.map(\.name) == ["n1", "n2", "calico"])
    // In the folders of the programs, where 'manifest --via host' expects them.
    #expect(
      sites.map { $0.residents.map(\.folder) }
        == [["calico-node", "cni-plugin"], ["calico-node", "cni-plugin"], ["kube-controllers"]])
    #expect(sites.flatMap(\.residents).allSatisfy { $0.identity.user == "calico" })
  }

  @Test func `people get files of their own, and no agent`() throws {
    let (file, _, sites) = try segmentation(
      "components: []\ncalicoctl: [{user: alice, access: full}, {user: \"Bob B\", access: read-only}]")
    let texts = try sites.map { try bundle(.directory, file).texts(for: $0) }
    let settings = try #require(texts[0]["alice/etc/bulkhead/alice/calicoctl.cfg"])
    #expect(settings.contains("etcdKeyFile: \"/etc/bulkhead/alice/etcd-key\""))
    #expect(texts[0]["alice/FILES"]?.contains("0400 alice root /etc/bulkhead/alice/etcd-key\n") == true)
    #expect(
      texts[1]["Bob%20B/FILES"]?.contains("0400 root root /etc/bulkhead/Bob%20B/etcd-key\n") == true)
    let run = try BundleRun(bundle(.directory, file), for: sites)
    #expect(run.unreadable == ["Bob B"])
    let named = try bundle(.directory, file, owners: ["Bob B": "bob:staff"]).texts(for: sites[1])
    #expect(named["Bob%20B/FILES"]?.contains("0440 bob staff /etc/bulkhead/Bob%20B/etcd-key\n") == true)
    for form in [HostBundle.Form.systemd, .cloudInit] {
      #expect(try BundleRun(bundle(form, file), for: sites).sites.isEmpty)
    }
  }
}
