import Testing

@testable import Reconciliation

@Suite("Lists of pods")
struct PodsWithSecretTests {
  private static let pods = """
    {"apiVersion": "v1", "kind": "List", "items": [
      {"kind": "Pod", "metadata": {"name": "node-1", "namespace": "kube-system"}, "status": {"phase": "Running"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-etcd-secrets"}}]}},
      {"kind": "Pod", "metadata": {"name": "done", "namespace": "kube-system"}, "status": {"phase": "Succeeded"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-etcd-secrets"}}]}},
      {"kind": "Pod", "metadata": {"name": "new", "namespace": "kube-system"}, "status": {"phase": "Running"},
       "spec": {"containers": [], "volumes": [{"name": "certs", "secret": {"secretName": "calico-node-etcd"}}]}},
      {"kind": "Pod", "metadata": {"name": "projected", "namespace": "a"},
       "spec": {"containers": [], "volumes": [
         {"name": "all", "projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "calico-etcd-secrets"}}]}}]}},
      {"kind": "Pod", "metadata": {"name": "tool"}, "spec": {"containers": [
         {"name": "c", "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "calico-etcd-secrets", "key": "k"}}}]}]}}
    ]}
    """

  @Test("finds the prefix of kube-apiserver's keys, written as one word or as two")
  func prefixes() throws {
    let list = """
      {"kind": "List", "items": [
        {"metadata": {"name": "a", "namespace": "kube-system"}, "spec": {"containers": [
          {"name": "c", "command": ["kube-apiserver", "--etcd-prefix=/kubernetes.io"]}]}},
        {"metadata": {"name": "b"}, "spec": {"containers": [
          {"name": "c", "command": ["kube-apiserver"], "args": ["--etcd-prefix", "/other"]}]}},
        {"metadata": {"name": "c"}, "spec": {"containers": [{"name": "c", "command": ["kube-apiserver"]}]}}
      ]}
      """
    let uses = try PodsWithSecret(ofSecret: "x", in: Array(list.utf8))
    #expect(uses.etcdPrefixes == ["kube-system/a": "/kubernetes.io", "default/b": "/other"])
  }

  @Test("finds pods that use a Secret in any way, except pods that have ended")
  func podUses() throws {
    let uses = try PodsWithSecret(ofSecret: "calico-etcd-secrets", in: Array(Self.pods.utf8))
    #expect(uses.pods == ["a/projected", "default/tool", "kube-system/node-1"])
    #expect(try PodsWithSecret(ofSecret: "other", in: Array(Self.pods.utf8)).pods.isEmpty)
    for text in ["", "[]", "{}", #"{"kind": "Secret", "items": []}"#, #"{"kind": "List"}"#] {
      #expect(throws: PodListFault()) { try PodsWithSecret(ofSecret: "x", in: Array(text.utf8)) }
    }
  }
}
