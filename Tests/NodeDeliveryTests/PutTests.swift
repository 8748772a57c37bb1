import Foundation
import Testing

/// `put`, which places files and settings on a host.
@Suite struct PutTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { "\(folder.path)/\(name)" }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: path(name), atomically: false, encoding: .utf8)
  }

  private func read(_ name: String) throws -> String {
    try String(contentsOfFile: path(name), encoding: .utf8)
  }

  /// Runs `put` on a file of the folder, with the folder `base` as Bulkhead's.
  private func put(
    _ format: String, _ name: String, _ content: String, mode: String = "0644", check: Bool = false,
    replace: Bool = false
  ) throws -> (code: Int32, output: String) {
    try write(content, "content")
    return try run(
      "/usr/bin/env",
      [
        "BULKHEAD_BASE=\(path("base"))", "BULKHEAD_REPLACE=\(replace ? "yes" : "")", "/bin/sh",
        "\(root)/Sources/NodeDelivery/OnHosts/put", format, path(name), mode, "-", "-",
      ] + (check ? ["check"] : []), input: path("content"))
  }

  private let settings = """
    # Written by 'bulkhead bundle'.
    DATASTORE_TYPE=etcdv3
    ETCD_ENDPOINTS=https://10.0.0.11:2379,https://10.0.0.12:2379
    ETCD_KEY_FILE=/etc/bulkhead/calico-node/etcd-key
    NODENAME=n1

    """

  @Test func `settings change only the keys for etcd, and the file as it was stays beside it`() throws {
    let before =
      "# mine\r\nCALICO_IPV4POOL_CIDR=10.1.0.0/16\n#ETCD_ENDPOINTS=no\nexport ETCD_ENDPOINTS=\"http://old:2379\"\r\n\n NO_DEFAULT_POOLS=true\nCALICO_IP=10.0.0.5"
    try write(before, "calico.env")
    #expect(try put("env", "calico.env", settings, check: true).output == "changed\n")
    #expect(try read("calico.env") == before)
    let changed = try put("env", "calico.env", settings)
    #expect(changed.code == 0 && changed.output == "changed\n", "\(changed.output)")
    #expect(
      try read("calico.env")
        == "# mine\r\nCALICO_IPV4POOL_CIDR=10.1.0.0/16\n#ETCD_ENDPOINTS=no\nexport ETCD_ENDPOINTS=https://10.0.0.11:2379,https://10.0.0.12:2379\r\n\n NO_DEFAULT_POOLS=true\nCALICO_IP=10.0.0.5\nDATASTORE_TYPE=etcdv3\nETCD_KEY_FILE=/etc/bulkhead/calico-node/etcd-key\nNODENAME=n1\n"
    )
    #expect(try read("calico.env.before-bulkhead") == before)
    let again = try put("env", "calico.env", settings)
    #expect(again.code == 0 && again.output.isEmpty, "\(again.output)")
    // A later change keeps the first copy.
    #expect(
      try put("env", "calico.env", settings.replacing("10.0.0.11", with: "10.0.0.9")).output == "changed\n")
    #expect(try read("calico.env.before-bulkhead") == before)
  }

  @Test func `a missing file is made of the settings, with its folders open to all`() throws {
    let made = try run(
      "/bin/sh",
      [
        "-c", #"umask 077; printf 'A=1\n' | BULKHEAD_BASE="$1/base" sh "$2" env "$1/a/b/x.env" 0644 - -"#,
        "-",
        folder.path, "\(root)/Sources/NodeDelivery/OnHosts/put",
      ])
    #expect(made.code == 0 && made.output == "made\n", "\(made.output)")
    let modes = try run("/usr/bin/stat", ["-c", "%a", path("a"), path("a/b"), path("a/b/x.env")])
    #expect(modes.output == "755\n755\n644\n")
    #expect(try read("a/b/x.env") == "A=1\n")
  }

  @Test(arguments: [
    ("env", "NODENAME=n2\n", "NODENAME=n2, and the settings are for n1"),
    ("env", "DATASTORE_TYPE=kubernetes\n", "DATASTORE_TYPE=kubernetes"),
    ("env", "ETCD_ENDPOINTS=a,\\\nb\n", "goes on in the next line"),
  ])
  func `a file of another node or datastore is refused`(format: String, before: String, word: String) throws {
    try write(before, "x")
    let refused = try put(format, "x", settings)
    #expect(refused.code == 1 && refused.output.contains(word), "\(refused.output)")
    #expect(try read("x") == before)
    #expect(!FileManager.default.fileExists(atPath: path("x.before-bulkhead")))
  }

  @Test(arguments: [
    ("OTHER=\"a\nETCD_ENDPOINTS=http://old:2379\n\"\n", "line 1 leaves a quote open"),
    ("A=1\nOTHER='a\nETCD_ENDPOINTS=http://old:2379\n'\n", "line 2 leaves a quote open"),
    ("OTHER=a \\\nETCD_ENDPOINTS=http://old:2379\n", "goes on from the line before"),
    ("OTHER=a \\\n", "its last line goes on"),
    ("\u{feff}ETCD_ENDPOINTS=http://old:2379\n", "byte order mark"),
  ])
  func `text inside of another variable is not taken for a setting`(before: String, word: String) throws {
    try write(before, "x")
    let refused = try put("env", "x", settings)
    #expect(refused.code == 1 && refused.output.contains(word), "\(refused.output)")
    // Foundation would leave out the byte order mark of a text.
    #expect(try Data(contentsOf: URL(fileURLWithPath: path("x"))) == Data(before.utf8))
    #expect(!FileManager.default.fileExists(atPath: path("x.before-bulkhead")))
  }

  /// With a password the certificate only secures the connection (libcalico-go, `lib/backend/etcdv3/etcdv3.go`).
  @Test(arguments: [
    ("A=1\nETCD_USERNAME=root\n", "line 2 sets ETCD_USERNAME, and with a password"),
    ("ETCD_PASSWORD='hunter2'\n", "line 1 sets ETCD_PASSWORD"),
    ("A=1; export CALICO_ETCD_PASSWORD=hunter2\n", "line 1 sets CALICO_ETCD_PASSWORD"),
    ("FLANNELD_ETCD_USERNAME=root\n", "line 1 sets FLANNELD_ETCD_USERNAME"),
    ("ETCD_DISCOVERY_SRV=example.org\n", "does not start with it"),
    ("CALICO_ETCD_KEY_FILE=/old\n", "line 1 sets CALICO_ETCD_KEY_FILE, and it wins"),
    ("FELIX_ETCDKEYFILE=/old\n", "it wins"), ("FELIX_ETCDADDR=old:2379\n", "it wins"),
    ("export ETCD_ENDPOINTS=https://old CALICO_IP=10.1.1.1\n", "line 1 has more than ETCD_ENDPOINTS"),
    ("CALICO_IP=10.1.1.1 ETCD_ENDPOINTS=https://old\n", "line 1 has more than ETCD_ENDPOINTS"),
    ("ETCD_KEY_FILE=/old; export ETCD_KEY_FILE\n", "line 1 has more than ETCD_KEY_FILE"),
    ("ETCD_KEY_FILE=/old # mine\n", "line 1 has more than ETCD_KEY_FILE"),
  ])
  func `a login, a key that wins, and what a change would lose are refused`(before: String, word: String)
    throws
  {
    try write(before, "x")
    let refused = try put("env", "x", settings)
    #expect(refused.code == 1 && refused.output.contains(word), "\(refused.output)")
    #expect(!refused.output.contains("hunter2"))
    #expect(try read("x") == before)
    #expect(!FileManager.default.fileExists(atPath: path("x.before-bulkhead")))
  }

  @Test func `what has no effect stays`() throws {
    let before =
      "ETCD_USERNAME=\nETCD_PASSWORD=\"\"\nA=1 # ETCD_PASSWORD=x\nexport ETCD_KEY_FILE\n#ETCD_PASSWORD=y\nCALICO_ETCD_KEY_FILE=/etc/bulkhead/calico-node/etcd-key\nFELIX_LOGSEVERITYSCREEN=info\n"
    try write(before, "x")
    let changed = try put("env", "x", settings)
    #expect(changed.code == 0, "\(changed.output)")
    #expect(try read("x").hasPrefix(before))
  }

  @Test func `of felix's file the keys of other sections would win`() throws {
    let felix = "[global]\nEtcdKeyFile = /new\nEtcdEndpoints = https://e\n"
    try write("[global]\nEtcdKeyFile = /old ; mine\n\n[etcd]\netcdkeyfile=/old\n", "felix.cfg")
    let refused = try put("ini", "felix.cfg", felix)
    #expect(
      refused.code == 1 && refused.output.contains("line 5 sets etcdkeyfile outside"), "\(refused.output)")
    try write("[global]\nEtcdKeyFile = /old ; mine\n\n[etcd]\netcdkeyfile=/new\n", "felix.cfg")
    #expect(try put("ini", "felix.cfg", felix).output == "changed\n")
    #expect(
      try read("felix.cfg")
        == "[global]\nEtcdEndpoints = https://e\nEtcdKeyFile = /new ; mine\n\n[etcd]\netcdkeyfile=/new\n")
  }

  @Test func `quotes that are closed stay, and added lines end as the others do`() throws {
    let before = "A=\"b 'c\" # it's\r\nB='d\"'\r\nC=e\\\"f\r\n"
    try write(before, "x")
    let changed = try put("env", "x", "ETCD_ENDPOINTS=https://e\n")
    #expect(changed.code == 0, "\(changed.output)")
    #expect(Array(try read("x").utf8) == Array((before + "ETCD_ENDPOINTS=https://e\r\n").utf8))
  }

  @Test func `links with the names of temporary files and of the copy are not followed`() throws {
    func link(_ name: String) throws {
      try FileManager.default.createSymbolicLink(atPath: path(name), withDestinationPath: path("victim"))
    }
    try write("victim\n", "victim")
    try write("A=1\n", "x")
    try link("x.bulkhead")
    try link("y.bulkhead")
    #expect(try put("env", "x", settings).code == 0)
    #expect(try put("whole", "y", "new\n").code == 0)
    #expect(try read("victim") == "victim\n" && read("x.before-bulkhead") == "A=1\n" && read("y") == "new\n")
    try write("A=1\n", "z")
    try link("z.before-bulkhead")
    let refused = try put("env", "z", settings)
    #expect(refused.code == 1 && refused.output.contains("is a link"), "\(refused.output)")
    #expect(try read("victim") == "victim\n" && read("z") == "A=1\n")
    // No temporary file stays.
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(
      Set(names) == [
        "base", "content", "victim", "x", "x.before-bulkhead", "x.bulkhead", "y", "y.bulkhead", "z",
        "z.before-bulkhead",
      ], "\(names)")
  }

  private let options = """
    # Also in /etc/bulkhead/neutron-driver/calico.conf
    [calico]
    etcd_host = 10.0.0.11
    etcd_cert_file = /etc/bulkhead/neutron-driver/etcd-cert
    etcd_username = neutron-driver
    etcd_password = secret
    etcd_compaction_period_mins = 0

    """

  @Test func `the options of one section change in neutron.conf, and it is closed to others`() throws {
    let before =
      "[DEFAULT]\ncore_plugin = calico\n\n[calico]\n# ours\nEtcd_host : OLD\netcd_cert_file=/old\nother = 1\n\n[agent]\netcd_host = keep\n"
    try write(before, "neutron.conf")
    let changed = try put("ini", "neutron.conf", options, mode: "0640")
    #expect(changed.code == 0 && !changed.output.contains("secret"), "\(changed.output)")
    #expect(
      try read("neutron.conf")
        == "[DEFAULT]\ncore_plugin = calico\n\n[calico]\netcd_username = neutron-driver\netcd_password = secret\netcd_compaction_period_mins = 0\n# ours\nEtcd_host : 10.0.0.11\netcd_cert_file=/etc/bulkhead/neutron-driver/etcd-cert\nother = 1\n\n[agent]\netcd_host = keep\n"
    )
    #expect(try run("/usr/bin/stat", ["-c", "%a", path("neutron.conf")]).output == "640\n")
    #expect(try put("ini", "neutron.conf", options, mode: "0640").output.isEmpty)
    // The DHCP agent of the same host has a user of its own.
    let other = options.replacing("neutron-driver", with: "dhcp-agent")
    let refused = try put("ini", "neutron.conf", other, mode: "0640")
    #expect(
      refused.code == 1
        && refused.output.contains("--config-file /etc/bulkhead/dhcp-agent/calico.conf"), "\(refused.output)")
    for text in ["", "[other]\nx = 1", "[calico]"] {
      try write(text, "short.conf")
      #expect(try put("ini", "short.conf", options, mode: "0640").output == "changed\n")
      let lines = try read("short.conf").split(separator: "\n")
      #expect(lines.contains("[calico]") && lines.contains("etcd_host = 10.0.0.11"))
      #expect(lines.count == text.split(separator: "\n").count + (text == "[calico]" ? 5 : 6), "\(lines)")
    }
    try write("[calico]\n  etcd_host = a\n", "indented.conf")
    #expect(try put("ini", "indented.conf", options).code == 1)
  }

  private let network = """
    {
      "name": "k8s-pod-network",
      "plugins": [
        {
          "type": "calico",
          "nodename": "n1",
          "datastore_type": "etcdv3",
          "etcd_endpoints": "https://10.0.0.11:2379",
          "etcd_key_file": "/etc/bulkhead/cni-plugin/etcd-key",
          "ipam": {"type": "calico-ipam"}
        }
      ]
    }

    """

  @Test func `of a CNI configuration only Calico's keys for etcd change`() throws {
    let before = #"""
      {"name": "mine", "cniVersion": "0.3.1",
       "plugins": [{
         "mtu": 1440, "type": "calico",
         "etcd_endpoints" : "http://old:2379", "note": "\"etcd_endpoints\": {",
         "ipam": {"type": "calico-ipam", "ipv4_pools": ["10.1.0.0/16"], "etcd_endpoints": "theirs"}},
        {"type": "tuning", "etcd_endpoints": "theirs"}]}
      """#
    try write(before, "net.conflist")
    let changed = try put("cni", "net.conflist", network, mode: "0600")
    #expect(changed.code == 0, "\(changed.output)")
    let after = try read("net.conflist")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(after.utf8)) as? [String: Any])
    let plugin = try #require((json["plugins"] as? [[String: Any]])?.first)
    #expect(plugin["mtu"] as? Int == 1440 && plugin["etcd_endpoints"] as? String == "https://10.0.0.11:2379")
    #expect(plugin["etcd_key_file"] as? String == "/etc/bulkhead/cni-plugin/etcd-key")
    #expect(plugin["nodename"] as? String == "n1" && plugin["datastore_type"] as? String == "etcdv3")
    // Everything else is byte for byte as it was.
    let added =
      #", "nodename": "n1", "datastore_type": "etcdv3", "etcd_key_file": "/etc/bulkhead/cni-plugin/etcd-key""#
    #expect(after.replacing(added, with: "").replacing("https://10.0.0.11", with: "http://old") == before)
    #expect(try put("cni", "net.conflist", network, mode: "0600").output.isEmpty)
    for (text, word) in [
      (#"{"type": "calico", "nodename": "n2"}"#, "nodename"), (#"{"type": "calico",}"#, "not JSON"),
      (#"{"plugins": [{"type": "bridge"}]}"#, "0 of its plugins"),
      (#"{"type": "calico", "etcd_key_file": "a", "etcd_key_file": "b"}"#, "twice"), ("", "not JSON"),
      (#"{"type": "calico", "etcd_discovery_srv": "example.org"}"#, "does not start with it"),
    ] {
      try write(text, "bad.conflist")
      let refused = try put("cni", "bad.conflist", network)
      #expect(refused.code == 1 && refused.output.contains(word), "\(text): \(refused.output)")
      #expect(try read("bad.conflist") == text)
    }
  }

  @Test func `a file of somebody else is not replaced`() throws {
    try write("mine\n", "x.crt")
    let refused = try put("whole", "x.crt", "theirs\n")
    #expect(refused.code == 1 && refused.output.contains("is not Bulkhead's"), "\(refused.output)")
    #expect(try read("x.crt") == "mine\n")
    #expect(try put("whole", "x.crt", "theirs\n", replace: true).code == 0)
    // From now on it is Bulkhead's, until somebody changes it.
    #expect(try put("whole", "x.crt", "newer\n").output == "changed\n")
    try write("changed by hand\n", "x.crt")
    #expect(try put("whole", "x.crt", "newest\n").code == 1)
    // Settings are never replaced as a whole.
    try write("OTHER=\"open\n", "x.env")
    let settings = try put("env", "x.env", self.settings, replace: true)
    #expect(settings.code == 1 && settings.output.contains("never replaced"), "\(settings.output)")
    // What Bulkhead wrote says so, and what is in its folder is its own.
    try write("#!/x\n# Written by 'bulkhead bundle'.\nold", "unit")
    #expect(try put("whole", "unit", "new\n").output == "changed\n")
    try FileManager.default.createDirectory(atPath: path("base/a"), withIntermediateDirectories: true)
    try write("old", "base/a/etcd-key")
    #expect(try put("whole", "base/a/etcd-key", "new", mode: "0400").output == "changed\n")
    #expect(try run("/usr/bin/stat", ["-c", "%a", path("base/a/etcd-key")]).output == "400\n")
  }

  @Test func `an edit that happens meanwhile stays`() throws {
    try write("A=1\n", "x")
    // The last program that 'put' runs before it looks at the file again.
    try write("#!/bin/sh\necho B=2 >>'\(path("x"))'\n", "sync")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path("sync"))
    try write(settings, "content")
    let refused = try run(
      "/usr/bin/env",
      [
        "PATH=\(folder.path):/usr/bin:/bin", "BULKHEAD_BASE=\(path("base"))", "/bin/sh",
        "\(root)/Sources/NodeDelivery/OnHosts/put", "env", path("x"), "0644", "-", "-",
      ], input: path("content"))
    #expect(refused.code == 1 && refused.output.contains("at the same time"), "\(refused.output)")
    #expect(try read("x").hasPrefix("A=1\nB=2\n") && !read("x").contains("ETCD_"))
    #expect(try put("env", "x", settings).output == "changed\n")
    #expect(try read("x").hasPrefix("A=1\nB=2\n") && read("x").contains("ETCD_"))
  }

  @Test func `files that an agent keeps are not taken from it`() throws {
    try FileManager.default.createDirectory(atPath: path("base/a/..set"), withIntermediateDirectories: true)
    try write("the agent's\n", "base/a/..set/etcd-key")
    for (link, target) in [("..data", "..set"), ("etcd-key", "..data/etcd-key")] {
      try FileManager.default.createSymbolicLink(
        atPath: path("base/a/\(link)"), withDestinationPath: target)
    }
    for name in ["etcd-key", "etcd-cert"] {
      let refused = try put("whole", "base/a/\(name)", "new", mode: "0400")
      #expect(refused.code == 1 && refused.output.contains("keeps it: stop that"), "\(refused.output)")
    }
    #expect(try read("base/a/etcd-key") == "the agent's\n")
    // The settings of a person are beside them.
    #expect(try put("whole", "base/a/calicoctl.cfg", "new").output == "made\n")
    // The hint, followed.
    try FileManager.default.removeItem(atPath: path("base/a"))
    #expect(try put("whole", "base/a/etcd-key", "new", mode: "0400").output == "made\n")
  }
}
