import Catalogue
import Keyspace
import Testing

@testable import Segmentation

/// Who else lives on the etcd: other administrators, several API servers, a CNI network of another name.
@Suite("others on the same etcd") struct NeighboursTests {
  @Test("administrators hold root, are not issued a certificate by default, and say why")
  func administrators() throws {
    let segmentation = try segmentation(
      """
      components: [calico-node]
      administrators:
        - {user: kube-etcd-healthcheck-client, why: kubeadm join and reset}
        - {user: backup, why: "snapshots"}
      """)
    let backup = try #require(segmentation[identity: "backup"])
    #expect(backup.isRoot && !backup.isIssued && backup.purpose == .coAdministrator(why: "snapshots"))
    let told = Lint.findings(segmentation).filter { $0.rule.id == "BH013" }.map(\.message)
    #expect(
      told == [
        "'kube-etcd-healthcheck-client' has the role root: 'kubeadm join and reset'",
        "'backup' has the role root: 'snapshots'",
      ])
    #expect(!Lint.findings(segmentation).contains { $0.rule.id == "BH001" })
  }

  @Test("an administrator needs a reason, and a name that no other identity has")
  func faultyAdministrators() throws {
    #expect(try faults(edited("management:", "administrators: [{user: a}]\nmanagement:")).count == 1)
    #expect(
      try faults(edited("management:", "administrators: [{user: alice, why: x}]\nmanagement:")).count == 1)
    #expect(
      try faults(edited("management:", "administrators: [{user: root, why: x}]\nmanagement:")).count == 1)
  }

  @Test("each API server may have a name of its own")
  func apiservers() throws {
    let segmentation = try segmentation(
      "components: [calico-node]\nkubernetes: {apiserver: [etcd-node-a, etcd-node-b]}")
    let servers = segmentation.identities.filter { $0.purpose == .apiserver }
    #expect(servers.map(\.user) == ["etcd-node-a", "etcd-node-b"])
    #expect(servers.map(\.isRoot) == [true, true])
    #expect(
      try faults(edited("apiserver: kube-apiserver-etcd-client", "apiserver: []")) == [
        "25:14: 'kubernetes.apiserver' is empty | name the API server's user, or remove 'kubernetes'"
      ])
    #expect(try faults(edited("apiserver: kube-apiserver-etcd-client", "apiserver: [a, a]")).count == 1)
  }

  @Test("roles, lint and the names of keys follow the prefix of Kubernetes' keys")
  func prefix() throws {
    for prefix in ["/kubernetes.io", "kubernetes.io/", "/kubernetes.io/"] {
      let segmentation = try segmentation(
        """
        components: [calico-node]
        custom: [{user: tenant, grants: [{prefix: /kubernetes.io/secrets/, access: read}]}]
        kubernetes: {apiserver: kube, prefix: \(prefix)}
        """, features: "apiserver-without-compaction")
      let kube = segmentation.permissions(of: try #require(segmentation[identity: "kube"]))
      #expect(kube.allow(.readwrite, .prefix("/kubernetes.io/")))
      #expect(!kube.allow(.read, .key("/registry/a")))
      #expect(segmentation.apiServersWithoutRoot == ["kube"])
      #expect(
        Lint.findings(segmentation).filter { $0.rule.id == "BH003" }.map(\.message)
          == ["'tenant' reaches Kubernetes secrets"])
      #expect(segmentation.keyNames.names(in: .prefix("/kubernetes.io/")) == ["all of Kubernetes"])
      #expect(segmentation.keyNames.names(in: .prefix("/registry/")) == ["keys of others"])
    }
    for wrong in ["/", "/a//b", "/calico/k8s", "/a/../b", "/a b"] {
      let found = try faults(
        edited("apiserver: kube-apiserver-etcd-client", "{apiserver: a, prefix: \"\(wrong)\"}"))
      #expect(found.count == 1 && found[0].contains("--etcd-prefix"), "\(wrong): \(found)")
    }
  }

  @Test("the name of the CNI network decides the handles of pods")
  func network() throws {
    func handles(_ calico: String) throws -> Permissions {
      let file = try read(
        """
        apiVersion: bulkhead/v1
        kind: Segmentation
        cluster: c
        calico: {version: v3.32, \(calico)}
        etcd: {endpoints: [https://10.0.0.11:2379], ca: a, certificate: b, key: c}
        components: [cni-plugin]
        isolation: node-user
        nodes: [n1]

        """)
      let segmentation = try Segmentation(file, catalogue: catalogue())
      return segmentation.permissions(of: try #require(segmentation[identity: "cni-plugin.n1"]))
    }
    let own = KeyRange.key("/calico/ipam/v2/handle/my-network.abc")
    let usual = KeyRange.key("/calico/ipam/v2/handle/k8s-pod-network.abc")
    let renamed = try handles("network: my-network")
    #expect(renamed.allow(.readwrite, own) && !renamed.allow(.write, usual))
    let stock = try handles("features: []")
    #expect(stock.allow(.readwrite, usual) && !stock.allow(.write, own))
    let profile = KeyRange.key(Key(v3 + "profiles/my-network"))
    #expect(try handles("network: my-network, features: [cni-profiles]").allow(.readwrite, profile))
    #expect(
      try faults(edited("features: [wireguard]", "network: a/b")) == [
        "7:12: \"a/b\" is not a valid name of a CNI network | use the 'name' of the CNI network configuration: "
          + "letters, digits, '_', '.' and '-'"
      ])
  }

  @Test("a policy editor reads addresses with the feature address-view, and writes none")
  func addresses() throws {
    let person = "calicoctl: [{user: netops, access: policy-editor}]"
    let block = KeyRange.key("/calico/ipam/v2/assignment/ipv4/block/10.0.0.0-26")
    for (features, reads) in [("", false), ("address-view", true)] {
      let segmentation = try segmentation(person, features: features)
      let editor = segmentation.permissions(of: try #require(segmentation[identity: "netops"]))
      #expect(editor.allow(.read, block) == reads)
      #expect(!editor.allow(.write, block))
    }
  }
}
