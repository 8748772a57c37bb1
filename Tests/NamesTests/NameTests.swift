import Names
import Testing

@Suite struct NameTests {
  @Test(arguments: [
    "alice", "a b", "node/worker-1:x", "gr\u{fc}n", "Root", "roots", String(repeating: "n", count: 64),
  ])
  func aUserMayHaveThisName(name: String) { #expect(UserName.problem(with: name) == nil) }

  @Test(arguments: [
    ("", "is empty"), ("root", "administrator"), (String(repeating: "n", count: 65), "65 characters"),
    (String(repeating: "\u{20ac}", count: 50), "150 bytes"), ("a\tb", #"'a\u{9}b' has a control character"#),
    ("root\u{0}", "control character"), ("alice\u{200b}", "invisible"), ("a\u{e000}", "invisible"),
    ("a\u{378}", "invisible"), (" alice", "white space"), ("alice\u{a0}", "white space"),
    ("etcd-server m1", "reserved"), ("etcd-peer m1", "reserved"), ("bulkhead-authority x", "reserved"),
    ("bulkhead probe", "reserved"),
  ])
  func aUserMayNotHaveThisName(name: String, word: String) throws {
    let problem = try #require(UserName.problem(with: name))
    #expect(problem.message.contains(word))
    #expect(problem.hint?.isEmpty == false)
  }

  @Test func namesOfCertificatesWithoutACommonNameBelongToNoUser() throws {
    for name in ["neutron-driver-transport", "dhcp-agent-transport", "a-transport"] {
      #expect(CertificateName(name) == .transport(name))
      #expect(try #require(UserName.problem(withUser: name)).message.contains("no Common Name"))
      #expect(UserName.problem(with: name) == nil)
    }
    #expect(CertificateName.transportName(of: "neutron-driver") == "neutron-driver-transport")
    for name in ["transport", "-transport", "calico-node.rail-transport", "a-transport ", "a-Transport"] {
      #expect(CertificateName(name) == .user(name))
    }
  }

  @Test func everyNameThatServersHaveIsReserved() {
    for name in [ServerName.member("m1"), ServerName.peer("m1"), ServerName.authority, ServerName.probe] {
      #expect(ServerName.isReserved(name))
      #expect(UserName.problem(with: name) != nil)
    }
    for name in ["etcd", "kube-etcd", "localhost", "etcd-server-1", "kube-etcd-peer"] {
      #expect(ServerName.isUsual(name))
    }
    for name in ["etcd-reader", "calico-node"] { #expect(!ServerName.isUsual(name)) }
  }

  @Test(arguments: [
    ("alice", "alice"), ("ca", "%63a"), ("cab", "cab"), (".hidden", "%2Ehidden"), ("a.b", "a.b"),
    ("../a", "%2E.%2Fa"), ("a b", "a%20b"), ("50%", "50%25"), ("ü", "%C3%BC"), ("a~b", "a%7Eb"),
    ("a\u{0}", "a%00"),
    ("a@b", "a%40b"),
  ])
  func aNameAsFile(name: String, file: String) { #expect(FileName.encode(name, reserved: ["ca"]) == file) }

  @Test(arguments: [
    ("10.0.0.1", "10.0.0.1"), ("FD00:0::11", "fd00::11"), ("localhost", "localhost"),
    ("etcd-0.example.org", "etcd-0.example.org"), ("*.etcd.example.org", "*.etcd.example.org"),
    ("etcd_1", "etcd_1"),
  ])
  func aHost(text: String, written: String) throws { #expect(try HostName(text).description == written) }

  @Test(arguments: [
    "", "https://a", "a:2379", "-a", "a-", "a..b", "a.", "10.0.0.256", "10.0.0", "1", "99999999999999999999",
    "0x7f",
    "[::1]", "gr\u{fc}n", "*", "*.", "a.*.b", "a b", "a\u{0}b",
  ])
  func notAHost(text: String) {
    #expect(throws: NameError.self) { try HostName(text) }
  }

  @Test(arguments: [
    ("0.0.0.0:8443", "0.0.0.0", 8443), ("[::]:8443", "::", 8443), ("localhost:0", "localhost", 0),
    ("[FD00::1]:65535", "fd00::1", 65535),
  ])
  func anAddressToListenOn(text: String, host: String, port: Int) throws {
    let address = try #require(ListenAddress(text))
    #expect(address.host == host)
    #expect(address.port == port)
    #expect(ListenAddress(address.description) == address)
    #expect(address.text(port: 9).hasSuffix(":9"))
  }

  @Test(arguments: [
    "", ":", ":80", "a", "a:", "a:b", "a:+80", "a:-1", "a:65536", "a:b:80", "::1:80", "[::1]", "[::1]80",
    "[a]:80",
    "[127.0.0.1]:80", "a]:80", "[a:80", "*.a:80", "a b:80", "http://a:80",
  ])
  func notAnAddressToListenOn(text: String) { #expect(ListenAddress(text) == nil) }

  @Test func `names that look alike are found, and others are not`() {
    let cyrillic = "\u{430}dmin"
    #expect(LookAlike.groups(["admin", "bob", cyrillic]) == [["admin", cyrillic]])
    #expect(LookAlike.groups(["admin", "Admin"]).count == 1)
    #expect(LookAlike.groups(["r\u{43e}\u{43e}t", "root"]).count == 1)
    #expect(LookAlike.groups(["cafe\u{301}", "caf\u{e9}"]).count == 1)
    #expect(LookAlike.groups(["\u{ff41}dmin", "admin"]).count == 1)
    #expect(LookAlike.groups(["n1", "nl", "calico-node.n1", "calico-node.n11", "gr\u{fc}n", "grun"]).isEmpty)
    #expect(LookAlike.groups(["same", "same"]).isEmpty)
  }
}
