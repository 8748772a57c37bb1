import Cryptography
import Discovery
import TestCertificates
import Testing

@Suite struct HostDiscoveryTests {
  @Test func kubeadm() throws {
    let host = try Files.kubeadm().host
    let apiserver = "/etc/kubernetes/manifests/kube-apiserver.yaml"
    let etcd = "/etc/kubernetes/manifests/etcd.yaml"
    #expect(host.installer == Finding(.kubeadm, etcd))
    #expect(host.kubernetes == Finding("v1.33.2", "the image in \(apiserver)"))
    // Not the loopback address that kube-apiserver uses.
    #expect(host.endpoints == [Finding(["https://10.0.0.11:2379"], "--advertise-client-urls in \(etcd)")])
    #expect(host.local == ["https://127.0.0.1:2379"])
    #expect(host.authority == Finding("/etc/kubernetes/pki/etcd/ca.crt", "--etcd-cafile in \(apiserver)"))
    #expect(
      host.apiserver
        == Finding(
          "kube-apiserver-etcd-client",
          "the Common Name in /etc/kubernetes/pki/apiserver-etcd-client.crt, which is --etcd-certfile in \(apiserver)"
        ))
    #expect(host.administrators.map(\.value.user) == ["kube-etcd-healthcheck-client"])
    #expect(
      host.administrators.map(\.source)
        == ["the Common Name in /etc/kubernetes/pki/etcd/healthcheck-client.crt"])
    #expect(host.client?.value.key == "/etc/kubernetes/pki/etcd/healthcheck-client.key")
    #expect(host.etcdPrefix == nil)
    #expect(host.remarks.isEmpty, "\(host.remarks)")
  }

  /// The authority of the servers is taken from what clients are checked against only if it signed the server.
  @Test func aHostWithEtcdAlone() throws {
    var files = try Files.kubeadm()
    files["/etc/kubernetes/manifests/kube-apiserver.yaml"] = nil
    let authority = try #require(files.host.authority)
    #expect(authority.value == "/etc/kubernetes/pki/etcd/ca.crt")
    #expect(authority.source.contains("it signed /etc/kubernetes/pki/etcd/server.crt"))
    files["/etc/kubernetes/pki/etcd/ca.crt"] = try TestAuthority("clients").certificate.pem()
    #expect(files.host.authority == nil)
    #expect(files.host.remarks.contains { $0.contains("did not sign") }, "\(files.host.remarks)")
  }

  @Test func kubespray() throws {
    let host = try Files.kubespray().host
    #expect(host.installer == Finding(.kubespray, "/etc/etcd.env"))
    #expect(
      host.endpoints.first?.value
        == ["https://10.0.0.11:2379", "https://10.0.0.12:2379", "https://10.0.0.13:2379"])
    #expect(host.endpoints.last?.source == "ETCD_ADVERTISE_CLIENT_URLS in /etc/etcd.env")
    #expect(host.local == ["https://127.0.0.1:2379"])
    #expect(host.authority?.value == "/etc/ssl/etcd/ssl/ca.pem")
    #expect(host.apiserver?.value == "etcd-node-cp1")
    #expect(host.administrators.map(\.value.user) == ["etcd-admin-cp1"])
    #expect(host.client?.value.key == "/etc/ssl/etcd/ssl/admin-cp1-key.pem")
    // What one host cannot know of the others is said.
    #expect(host.remarks.contains { $0.contains("etcd1, etcd2, etcd3") }, "\(host.remarks)")
    #expect(host.remarks.contains { $0.contains("--apiserver") && $0.contains("control-plane") })
  }

  @Test(arguments: ["/var/lib/rancher/k3s/server", "/data/k3s/server"]) func k3s(_ server: String) throws {
    var files = try Files.k3s(server)
    if server.hasPrefix("/data") {
      files["/etc/rancher/k3s/config.yaml"] = "token: not-shown\ndata-dir: /data/k3s\ncluster-init: true\n"
    }
    let host = files.host
    #expect(host.installer == Finding(.k3s, "\(server)/db/etcd/config"))
    #expect(host.endpoints.map(\.value) == [["https://10.0.0.11:2379"]])
    #expect(host.local == ["https://127.0.0.1:2379"])
    #expect(host.authority?.value == "\(server)/tls/etcd/server-ca.crt")
    #expect(host.apiserver?.value == "etcd-client")
    #expect(host.client?.value.certificate == "\(server)/tls/etcd/client.crt")
    #expect(host.remarks.isEmpty, "\(host.remarks)")
  }

  @Test func k3sWithAnExternalEtcdOrADatabase() throws {
    var files = try Files()
    try files.certificate("/etc/k3s-etcd.crt", "k3s")
    files["/etc/rancher/k3s/config.yaml"] = """
      datastore-endpoint: "https://10.0.0.21:2379,https://10.0.0.22:2379"
      datastore-cafile: /etc/k3s-ca.crt
      datastore-certfile: /etc/k3s-etcd.crt
      datastore-keyfile: /etc/k3s-etcd.key
      """
    #expect(files.host.endpoints.map(\.value) == [["https://10.0.0.21:2379", "https://10.0.0.22:2379"]])
    #expect(files.host.authority?.value == "/etc/k3s-ca.crt")
    #expect(files.host.apiserver?.value == "k3s")
    files["/etc/rancher/k3s/config.yaml"] = "datastore-endpoint: postgres://user:secret@10.0.0.5/k3s\n"
    #expect(files.host.endpoints.isEmpty)
    #expect(
      files.host.remarks.count == 1 && !files.host.remarks[0].contains("secret"), "\(files.host.remarks)")
  }

  /// A file that cannot be read, or is not what its name says, is named and not passed over.
  @Test func filesThatCannotBeUsedAreNamed() throws {
    let files = try Files.kubeadm()
    let closed = HostDiscovery(
      HostFiles { path in
        path.hasPrefix("/etc/kubernetes/pki/")
          ? .unreadable("permission denied") : files[path].map(HostFiles.Content.text) ?? .missing
      })
    #expect(closed.apiserver == nil && closed.administrators.isEmpty)
    #expect(
      closed.remarks.contains(
        "/etc/kubernetes/pki/apiserver-etcd-client.crt was not used: permission denied; run as root to use it"
      ))
    var broken = try Files()
    broken["/etc/kubernetes/manifests/etcd.yaml"] = "spec: [\n"
    broken["/etc/kubernetes/manifests/kube-apiserver.yaml"] = "spec: {containers: [{command: [sleep]}]}"
    #expect(broken.host.installer == nil && broken.host.remarks.count == 2, "\(broken.host.remarks)")
  }

  @Test func flagsInTwoFormsAndPlainHTTP() throws {
    var files = try Files()
    files["/etc/kubernetes/manifests/kube-apiserver.yaml"] = """
      spec:
        containers:
        - args: [/usr/local/bin/kube-apiserver, --etcd-servers, "http://10.0.0.1:2379", --etcd-prefix, /k8s]
          image: example.org:5000/kube-apiserver@sha256:00
      """
    let host = files.host
    #expect(host.etcdPrefix?.value == "/k8s")
    #expect(host.kubernetes == nil && host.endpoints.isEmpty)
    #expect(host.remarks.contains { $0.contains("without TLS at http://10.0.0.1:2379") }, "\(host.remarks)")
  }

  @Test func aHostWithoutAnyOfThem() { #expect(HostDiscovery(HostFiles([:])).isEmpty) }
}
