import StrictYAML
import Testing

@testable import Segmentation

/// Each refusal with its place, its message and its hint, as the user sees it.
@Suite struct FaultTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let old: String
    let new: String
    let fault: String
    var testDescription: String { new.isEmpty ? "without \(old)" : new }

    init(_ old: String, _ new: String, _ fault: String) {
      self.old = old
      self.new = new
      self.fault = fault
    }
  }

  @Test(arguments: keys + types + values + endpoints + names + grants + nodes)
  func isReportedWithPlaceAndHint(_ test: Case) throws {
    let found = try faults(edited(test.old, test.new))
    #expect(found == [test.fault])
  }

  static let keys: [Case] = [
    Case("cluster:", "clutser:", "3:1: unknown key 'clutser' in the file | did you mean 'cluster'?"),
    Case("  version:", "  versoin:", "5:3: unknown key 'versoin' in 'calico' | did you mean 'version'?"),
    Case("  endpoints:", "  endpoint:", "9:3: unknown key 'endpoint' in 'etcd' | did you mean 'endpoints'?"),
    Case(
      "{user: alice, ", "{usr: alice, ",
      "16:6: unknown key 'usr' in an entry of 'calicoctl' | did you mean 'user'?"),
    Case(
      "  - user: backup", "  - user: backup\n    x: 1",
      "20:5: unknown key 'x' in an entry of 'custom' | known here: user, grants, roles"),
    Case(
      "{prefix: /calico/", "{prefx: /calico/",
      "21:10: unknown key 'prefx' in a grant | did you mean 'prefix'?"),
    Case(
      "  apiserver:", "  apisever:",
      "25:3: unknown key 'apisever' in 'kubernetes' | did you mean 'apiserver'?"),
    Case(
      "  lifetime:", "  lifetme:", "28:3: unknown key 'lifetme' in 'certificates' | did you mean 'lifetime'?"),
    Case(
      "{directory: pki}", "{directory: pki, vault: x}",
      "27:31: unknown key 'vault' in 'certificates.authority' | known here: directory"),
    Case(
      "management:", "? [a]\n: b\nmanagement:",
      "29:3: the file has a list as a key | its keys: apiVersion, kind, cluster, calico, etcd, isolation, components, calicoctl, custom, roles, nodes, kubernetes, administrators, certificates, management, owner, protect, rules, accept"
    ),
    Case("cluster: prod-eu\n", "", "1:1: the file lacks the key 'cluster' | add a line 'cluster: …'"),
    Case("  version: v3.32.1\n", "", "5:3: 'calico' lacks the key 'version' | add a line 'version: …'"),
    Case("  ca: pki/etcd-ca.crt\n", "", "9:3: 'etcd' lacks the key 'ca' | add a line 'ca: …'"),
    Case(
      ", access: policy-editor", "",
      "17:5: an entry of 'calicoctl' lacks the key 'access' | add a line 'access: …'"),
    Case(", access: readwrite", "", "22:9: a grant lacks the key 'access' | add a line 'access: …'"),
  ]

  static let types: [Case] = [
    Case(
      "cluster: prod-eu", "cluster: 12",
      "3:10: 'cluster' must be a text, found a number | write it in quotes: \"12\""),
    Case(
      "cluster: prod-eu", "cluster: no",
      "3:10: 'cluster' must be a text, found a boolean | write it in quotes: \"no\""),
    Case("cluster: prod-eu", "cluster:", "3:9: 'cluster' must be a text, found nothing"),
    Case("cluster: prod-eu", "cluster: ''", "3:10: 'cluster' is empty"),
    Case("cluster: prod-eu", "cluster: [a]", "3:10: 'cluster' must be a text, found a list"),
    Case("cluster: prod-eu", "cluster: {a: b}", "3:10: 'cluster' must be a text, found a mapping"),
    Case(
      "cluster: prod-eu", "cluster: !vault x",
      "3:10: 'cluster' must be a text, found a value with the tag '!vault'"),
    Case(
      "[wireguard]", "wireguard",
      "7:13: 'calico.features' must be a list, found a text | write it as [a, b] or as lines that begin with '- '"
    ),
    Case(
      "[node-1, node-2]", "",
      "23:7: 'nodes', if it is not a list, must be a text, found nothing"),
    Case("[node-1, node-2]", "[node-1, [node-2]]", "23:17: a node's name must be a text, found a list"),
    Case(
      "{directory: pki}", "pki",
      "27:14: 'certificates.authority' must be a mapping, found a text | its keys: directory"),
    Case(
      "- {user: alice, access: read-only}", "- alice",
      "16:5: an entry of 'calicoctl' must be a mapping, found a text | its keys: user, access"),
    Case(
      "- {prefix: /calico/, access: read}", "- /calico/",
      "21:9: a grant must be a mapping, found a text | its keys: key, prefix, from, to, access"),
    Case(
      "ca: pki/etcd-ca.crt", "ca: 1.5",
      "10:7: 'etcd.ca' must be a text, found a number | write it in quotes: \"1.5\""),
  ]

  static let values: [Case] = [
    Case("bulkhead/v1", "bulkhead/v2", "1:13: 'apiVersion' cannot be 'bulkhead/v2' | write 'bulkhead/v1'"),
    Case(
      "kind: Segmentation", "kind: Deployment", "2:7: 'kind' cannot be 'Deployment' | write 'Segmentation'"),
    Case(
      "v3.32.1", "v3.40.0",
      "5:12: the catalogue does not cover Calico v3.40 | the nearest release in the catalogue is v3.33"),
    Case("v3.32.1", "latest", "5:12: \"latest\" is not a Calico release | write it as v3.32 or v3.32.1"),
    Case(
      "roles: corrected", "roles: correct",
      "6:10: 'calico.roles' cannot be 'correct' | did you mean 'corrected'?"),
    Case("[wireguard]", "[wiregaurd]", "7:14: unknown feature 'wiregaurd' | did you mean 'wireguard'?"),
    Case(
      "[wireguard]", "[wireguard, windows, wireguard]",
      "7:34: the feature 'wireguard' is listed twice | keep one of them"),
    Case(
      "isolation: component", "isolation: nodes",
      "13:12: 'isolation' cannot be 'nodes' | known here: component, node-certificate, node-user"),
    Case(
      "management: additive", "management: additve",
      "29:13: 'management' cannot be 'additve' | did you mean 'additive'?"),
    Case(
      "access: read-only", "access: readonly",
      "16:27: 'access' cannot be 'readonly' | did you mean 'read-only'?"),
    Case(
      "lifetime: 90d", "lifetime: 90",
      "28:13: 'certificates.lifetime' cannot be '90' | a number and a unit, at most 100y: 90d, 12h, 30m, 4w, 1y"
    ),
    Case(
      "lifetime: 90d", "lifetime: 90d\n  enrolledLifetime: 91d",
      "29:21: 'certificates.enrolledLifetime' is longer than 'certificates.lifetime', which is 90d | give a shorter one; the default is 24h"
    ),
  ]

  static let endpoints: [Case] = [
    Case(
      "  ca: pki/etcd-ca.crt", "  tls-server-name: .example.com\n  ca: pki/etcd-ca.crt",
      "10:20: 'etcd.tls-server-name' cannot be '.example.com' | write a whole name or address that the members' server certificates have"
    ),
    Case(
      "https://10.0.0.11:2379", "10.0.0.11:2379",
      "9:15: endpoint '10.0.0.11:2379' is not a URL | write it as https://HOST:2379"),
    Case(
      "https://10.0.0.11:2379", "http://10.0.0.11:2379",
      "9:15: endpoint 'http://10.0.0.11:2379' is not an https URL | without TLS etcd cannot distinguish clients: give the member's https:// client URL"
    ),
    Case(
      "https://10.0.0.11:2379", "https://10.0.0.11:0",
      "9:15: endpoint 'https://10.0.0.11:0' has no valid port | a port is a number from 1 to 65535; etcd's own is 2379"
    ),
    Case(
      "https://10.0.0.11:2379", "https://root:secret@a",
      "9:15: endpoint 'https://…@a' contains a user name | write it as https://HOST:2379, with nothing before the host or after the port"
    ),
    Case(
      "[https://10.0.0.11:2379, 'https://[::1]:2379']", "[]",
      "9:14: 'etcd.endpoints' is empty | name at least one member's client URL"),
    Case(
      "'https://[::1]:2379'", "https://10.0.0.11",
      "9:39: the endpoint 'https://10.0.0.11' is listed twice | keep one of them"),
    Case(
      "'https://[::1]:2379'", "2379",
      "9:39: an endpoint must be a text, found a number | write it in quotes: \"2379\""),
  ]

  static let names: [Case] = [
    Case("cni-plugin", "cni-plugn", "14:27: unknown component 'cni-plugn' | did you mean 'cni-plugin'?"),
    Case(
      "cni-plugin", "calicoctl-full",
      "14:27: unknown component 'calicoctl-full' | it has its own section: calicoctl or kubernetes"),
    Case(
      "cni-plugin", "calico-node",
      "14:27: the name 'calico-node' is already used on line 14 | give each identity its own name"),
    Case(
      "user: alice", "user: cni-plugin",
      "16:12: the name 'cni-plugin' is already used on line 14 | give each identity its own name"),
    Case(
      "user: netops", "user: alice",
      "17:12: the name 'alice' is already used on line 16 | give each identity its own name"),
    Case(
      "user: backup", "user: netops",
      "19:11: the name 'netops' is already used on line 17 | give each identity its own name"),
    Case(
      "kube-apiserver-etcd-client", "backup",
      "25:14: the name 'backup' is already used on line 19 | give each identity its own name"),
    Case(
      "user: alice", "user: root",
      "16:12: the user 'root' is etcd's administrator and cannot be segmented | give this identity a name of its own; Bulkhead manages 'root' by itself"
    ),
    Case(
      "kube-apiserver-etcd-client", "root",
      "25:14: the user 'root' is etcd's administrator and cannot be segmented | give this identity a name of its own; Bulkhead manages 'root' by itself"
    ),
    Case(
      "user: backup", "user: calicoctl-full",
      "19:11: the name 'calicoctl-full' belongs to a role of the catalogue | choose another name"),
    Case(
      "user: alice", "user: \(String(repeating: "a", count: 65))",
      "16:12: the user name '\(String(repeating: "a", count: 65))' has 65 characters | a certificate's Common Name has at most 64"
    ),
    Case(
      "user: alice", "user: \(String(repeating: "😀", count: 33))",
      "16:12: the user name '\(String(repeating: "😀", count: 33))' has 132 bytes | use at most 128"),
    Case(
      "user: alice", "user: ' alice'",
      "16:12: the user name ' alice' begins or ends with white space | etcd does not trim names: remove the white space"
    ),
    Case(
      "user: alice", #"user: "al\e[31mice""#,
      #"16:12: the user name 'al\u{1b}[31mice' has a control character or an invisible one | use letters, digits, '-', '.', ':' and '_'"#
    ),
    Case(
      "user: alice", #"user: "al\u200bice""#,
      #"16:12: the user name 'al\u{200b}ice' has a control character or an invisible one | use letters, digits, '-', '.', ':' and '_'"#
    ),
    Case(
      "user: alice", "user: bulkhead-authority x",
      "16:12: the user name 'bulkhead-authority x' is reserved for certificates of servers | choose another name"
    ),
  ]

  static let grants: [Case] = [
    Case(
      "{prefix: /calico/, ", "{prefix: /calico/*, ",
      "21:18: etcd has no wildcards, found '/calico/*' | write prefix: /calico/"),
    Case(
      "{prefix: /calico/, ", "{key: /calico/*/nodes, ",
      "21:15: etcd has no wildcards, found '/calico/*/nodes' | write prefix: /calico/"),
    Case(
      "{prefix: /calico/, ", "{key: '*', ",
      "21:15: etcd has no wildcards, found '*' | write the beginning of the keys as 'prefix'"),
    Case("{prefix: /calico/, ", "{prefix: '', ", "21:18: a key is empty"),
    Case(
      "{prefix: /calico/, ", "{",
      "21:9: a grant has either 'key' or 'prefix' | a prefix covers every key that begins with it"),
    Case(
      "{prefix: /calico/, ", "{prefix: /calico/, key: /a, ",
      "21:9: a grant has either 'key' or 'prefix' | a prefix covers every key that begins with it"),
    Case(
      "{prefix: /calico/, ", #"{key: '/a\b', "#,
      #"21:15: the key '/a\b' has a backslash that does not begin an escape | write a byte as \xNN, and the backslash itself as \x5c"#
    ),
    Case("access: read}", "access: reads}", "21:36: 'access' cannot be 'reads' | did you mean 'read'?"),
    Case(
      "{key: /backup/lock, ", "{prefix: /calico/, ",
      "22:9: the range /calico/* is granted twice | etcd keeps one access for each range of a role: write one grant with 'readwrite'"
    ),
  ]

  static let nodes: [Case] = [
    Case(
      "[node-1, node-2]", "[node-1, Node-2]",
      "23:17: \"Node-2\" is not a valid node name of Calico | Calico writes host names in lower case: \"node-2\""
    ),
    Case(
      "[node-1, node-2]", "[node-1, node_2]",
      "23:17: \"node_2\" is not a valid node name of Calico | use a-z, 0-9, '-' and '.', with a letter or digit at both ends of each part"
    ),
    Case(
      "[node-1, node-2]", "[node-1, node-1]",
      "23:17: the node 'node-1' is already listed on line 23 | keep one of them"),
  ]

  @Test func aLongNodeNameIsRefusedOnlyWhereItIsPartOfAUser() throws {
    let node = String(repeating: "n", count: 60)
    let text = try edited("[node-1, node-2]", "[\(node)]")
    #expect(try faults(text) == [])
    #expect(
      try faults(text.replacing("isolation: component", with: "isolation: node-user")) == [
        "23:9: the user name 'calico-node.\(node)' has 72 characters | a certificate's Common Name has at most 64; isolation 'node-certificate' needs no such users",
        "23:9: the user name 'cni-plugin.\(node)' has 71 characters | a certificate's Common Name has at most 64; isolation 'node-certificate' needs no such users",
      ])
  }

  @Test func aUserWithTheNameOfANodesUserIsRefused() throws {
    let text = try edited("isolation: component", "isolation: node-user")
    #expect(
      try faults(text.replacing("user: backup", with: "user: cni-plugin.node-2")) == [
        "19:11: the name 'cni-plugin.node-2' is already used on line 23 | give each identity its own name"
      ])
  }

  @Test(arguments: ["node-user", "node-certificate"]) func nodeIsolationNeedsNodes(isolation: String) throws {
    let fault =
      "13:12: isolation '\(isolation)' needs the list of nodes | list them under 'nodes', or name a file there, by the names that 'kubectl get nodes' shows"
    let text = try edited("isolation: component", "isolation: \(isolation)")
    #expect(try faults(text.replacing("nodes: [node-1, node-2]\n", with: "")) == [fault])
    #expect(try faults(text.replacing("[node-1, node-2]", with: "[]")) == [fault])
    #expect(try faults(text.replacing("[node-1, node-2]", with: "[Node-1]")).count == 1)
  }

  @Test func aFileWithoutIdentitiesIsRefused() throws {
    #expect(
      throws: FileFaults(
        file: "bulkhead.yaml",
        faults: [
          Fault(
            line: 1, column: 1, message: "the file has no identities",
            hint: "list the components: [calico-node, cni-plugin, kube-controllers]")
        ])
    ) { try file("components: []") }
  }
}
