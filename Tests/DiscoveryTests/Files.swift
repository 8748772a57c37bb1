import Cryptography
import Discovery
import TestCertificates

/// Files in the formats that installers publish, with made-up addresses and certificates.
struct Files {
  private(set) var texts: [String: String] = [:]
  let authority: TestAuthority

  init() throws { authority = try TestAuthority("etcd-ca") }

  var host: HostDiscovery { HostDiscovery(HostFiles(texts)) }

  subscript(path: String) -> String? {
    get { texts[path] }
    set { texts[path] = newValue }
  }

  /// A certificate of the authority.
  mutating func certificate(_ path: String, _ name: String) throws {
    texts[path] = try authority.issue(name).chain.map { try $0.pem() }.joined()
  }

  /// As `kubeadm init` writes it on the first of three control-plane hosts, its etcd on the same host.
  static func kubeadm() throws -> Files {
    var files = try Files()
    files["/etc/kubernetes/manifests/etcd.yaml"] = """
      apiVersion: v1
      kind: Pod
      metadata:
        annotations:
          kubeadm.kubernetes.io/etcd.advertise-client-urls: https://10.0.0.11:2379
        labels: {component: etcd, tier: control-plane}
        name: etcd
        namespace: kube-system
      spec:
        containers:
        - command:
          - etcd
          - --advertise-client-urls=https://10.0.0.11:2379
          - --cert-file=/etc/kubernetes/pki/etcd/server.crt
          - --client-cert-auth=true
          - --data-dir=/var/lib/etcd
          - --initial-advertise-peer-urls=https://10.0.0.11:2380
          - --initial-cluster=cp1=https://10.0.0.11:2380
          - --key-file=/etc/kubernetes/pki/etcd/server.key
          - --listen-client-urls=https://127.0.0.1:2379,https://10.0.0.11:2379
          - --listen-metrics-urls=http://127.0.0.1:2381
          - --name=cp1
          - --peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
          - --trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt
          image: registry.k8s.io/etcd:3.5.21-0
          name: etcd
        hostNetwork: true
      """
    files["/etc/kubernetes/manifests/kube-apiserver.yaml"] = """
      apiVersion: v1
      kind: Pod
      metadata: {name: kube-apiserver, namespace: kube-system}
      spec:
        containers:
        - command:
          - kube-apiserver
          - --advertise-address=10.0.0.11
          - --etcd-cafile=/etc/kubernetes/pki/etcd/ca.crt
          - --etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt
          - --etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key
          - --etcd-servers=https://127.0.0.1:2379
          image: registry.k8s.io/kube-apiserver:v1.33.2
          name: kube-apiserver
      """
    files["/etc/kubernetes/pki/etcd/ca.crt"] = try files.authority.certificate.pem()
    try files.certificate("/etc/kubernetes/pki/etcd/server.crt", "cp1")
    try files.certificate("/etc/kubernetes/pki/apiserver-etcd-client.crt", "kube-apiserver-etcd-client")
    try files.certificate("/etc/kubernetes/pki/etcd/healthcheck-client.crt", "kube-etcd-healthcheck-client")
    return files
  }

  /// As kubespray writes it with `etcd_deployment_type: host`, on a host of Kubernetes' control plane.
  static func kubespray() throws -> Files {
    var files = try Files()
    let folder = "/etc/ssl/etcd/ssl"
    files["/etc/etcd.env"] = """
      # Environment file for etcd v3.5.22
      ETCD_DATA_DIR=/var/lib/etcd
      ETCD_ADVERTISE_CLIENT_URLS=https://10.0.0.11:2379
      ETCD_INITIAL_ADVERTISE_PEER_URLS=https://10.0.0.11:2380
      ETCD_INITIAL_CLUSTER_STATE=existing
      ETCD_METRICS=basic
      ETCD_LISTEN_CLIENT_URLS=https://10.0.0.11:2379,https://127.0.0.1:2379
      ETCD_INITIAL_CLUSTER_TOKEN=k8s_etcd
      ETCD_LISTEN_PEER_URLS=https://10.0.0.11:2380
      ETCD_NAME=etcd1
      ETCD_PROXY=off
      ETCD_INITIAL_CLUSTER=etcd1=https://10.0.0.11:2380,etcd2=https://10.0.0.12:2380,etcd3=https://10.0.0.13:2380

      # TLS settings
      ETCD_TRUSTED_CA_FILE=\(folder)/ca.pem
      ETCD_CERT_FILE=\(folder)/member-cp1.pem
      ETCD_KEY_FILE=\(folder)/member-cp1-key.pem
      ETCD_CLIENT_CERT_AUTH=true
      """
    files["/etc/kubernetes/manifests/kube-apiserver.yaml"] = """
      apiVersion: v1
      kind: Pod
      metadata: {name: kube-apiserver, namespace: kube-system}
      spec:
        containers:
        - command:
          - kube-apiserver
          - --etcd-cafile=\(folder)/ca.pem
          - --etcd-certfile=\(folder)/node-cp1.pem
          - --etcd-keyfile=\(folder)/node-cp1-key.pem
          - --etcd-servers=https://10.0.0.11:2379,https://10.0.0.12:2379,https://10.0.0.13:2379
          image: registry.k8s.io/kube-apiserver:v1.32.5
          name: kube-apiserver
      """
    files["\(folder)/ca.pem"] = try files.authority.certificate.pem()
    try files.certificate("\(folder)/member-cp1.pem", "etcd-member-cp1")
    try files.certificate("\(folder)/admin-cp1.pem", "etcd-admin-cp1")
    try files.certificate("\(folder)/node-cp1.pem", "etcd-node-cp1")
    return files
  }

  /// As k3s writes it with `--cluster-init`.
  static func k3s(_ server: String = "/var/lib/rancher/k3s/server") throws -> Files {
    var files = try Files()
    files["\(server)/db/etcd/config"] = """
      advertise-client-urls: https://10.0.0.11:2379
      client-transport-security:
        cert-file: \(server)/tls/etcd/server-client.crt
        client-cert-auth: true
        key-file: \(server)/tls/etcd/server-client.key
        trusted-ca-file: \(server)/tls/etcd/server-ca.crt
      data-dir: \(server)/db/etcd
      election-timeout: 5000
      experimental-initial-corrupt-check: true
      heartbeat-interval: 500
      listen-client-urls: https://127.0.0.1:2379,https://10.0.0.11:2379
      listen-metrics-urls: http://127.0.0.1:2381
      listen-peer-urls: https://127.0.0.1:2380,https://10.0.0.11:2380
      log-outputs:
      - stderr
      logger: zap
      name: cp1-6a1d2f3c
      peer-transport-security:
        cert-file: \(server)/tls/etcd/peer-server-client.crt
        trusted-ca-file: \(server)/tls/etcd/peer-ca.crt
      """
    files["\(server)/tls/etcd/server-ca.crt"] = try files.authority.certificate.pem()
    try files.certificate("\(server)/tls/etcd/server-client.crt", "etcd-server")
    try files.certificate("\(server)/tls/etcd/client.crt", "etcd-client")
    return files
  }
}
