import Names
import Testing

@testable import Segmentation

@Suite struct TemplateTests {
  @Test func aNewFileIsReadWithoutAFault() throws {
    let file = try read(FileTemplate().text)
    #expect(file.cluster == "my-cluster")
    #expect(file.components == ["calico-node", "cni-plugin", "kube-controllers"])
    #expect(file.calicoctl.isEmpty && file.apiservers.isEmpty)
  }

  @Test(arguments: [
    "a b", "it's", "say \"hi\"", "back\\slash", "x: y", "# no remark", "- a", "{a: b}", "[a]", "*a", "&a",
    "!a", "%a", "@a",
    "no", "Null", "~", "12", "1e3", "0x1f", ".inf", "-", "", "=", "<<", "2026-11-24", "two\nlines",
    "tab\there", "ümläut",
    "a\u{85}b", "a\u{2028}b", "emoji 😀", "trailing ", " leading", "https://a: b", "a:", "a #b", "---", "...",
  ]) func anyValueIsReadBackAsItIs(value: String) throws {
    var template = FileTemplate()
    template.cluster = value
    template.ca = value
    template.authority = value
    guard !value.isEmpty else {
      #expect(try faults(template.text).count == 3)
      return
    }
    let file = try read(template.text)
    #expect(Array(file.cluster.utf8) == Array(value.utf8))
    #expect(file.etcd.ca == value)
    #expect(file.certificates.directory == value)
  }

  @Test func aHostileValueIsAFaultOfItsOwnLineOnly() throws {
    var template = FileTemplate()
    template.calico = "v3.32\nmanagement: authoritative"
    template.endpoints = ["https://a:1]\nx: y"]
    template.components = ["calico-node]\nkind: b"]
    template.calicoctl = [(user: "a}, {user: b", access: "full}")]
    template.apiservers = ["root"]
    let lines = template.text.split(separator: "\n", omittingEmptySubsequences: false)
    let found = try faults(template.text)
    #expect(found.count == 5)
    for fault in found {
      let line = try #require(fault.split(separator: ":").first.flatMap { Int($0) })
      #expect(
        ["version:", "endpoints:", "components:", "- {user:", "apiserver:"].contains {
          lines[line - 1].contains($0)
        })
    }
  }

  @Test func knownValuesAreFilledIn() throws {
    var template = FileTemplate()
    template.endpoints = ["https://10.0.0.11:2379", "https://[2001:db8::1]:2379"]
    template.calicoctl = [(user: "alice", access: "read-only")]
    template.apiservers = ["kube-apiserver-etcd-client", "etcd-node-2"]
    template.administrators = [.init(user: "backup", why: "snapshots: every night")]
    template.calico = "3.29"
    let file = try read(template.text)
    #expect(file.etcd.endpoints.map(\.description) == template.endpoints)
    #expect(file.calicoctl.map(\.user) == ["alice"])
    #expect(file.apiservers == ["kube-apiserver-etcd-client", "etcd-node-2"])
    #expect(file.administrators == [.init(user: "backup", why: "snapshots: every night")])
    #expect(template.text.contains("endpoints: [https://10.0.0.11:2379, \"https://"))
  }
}
