import YAML

/// k3s with its embedded etcd, or with an external one (k3s, `pkg/daemons/executor/executor.go`, `pkg/etcd/etcd.go`,
/// `pkg/daemons/control/deps/deps.go`).
extension HostDiscovery {
  private static let configuration = "/etc/rancher/k3s/config.yaml"

  mutating func lookAtK3s() {
    var server = "/var/lib/rancher/k3s/server"
    if let text = text(Self.configuration), let root = root(of: text, Self.configuration) {
      if let folder = root["data-dir"]?.string { server = "\(folder)/server" }
      lookAtDatastore(root)
    }
    let path = "\(server)/db/etcd/config"
    guard let text = text(path), let root = root(of: text, path) else { return }
    installer = Finding(.k3s, path)
    take(urls: root["advertise-client-urls"]?.string, "advertise-client-urls in \(path)")
    take(local: root["listen-client-urls"]?.string, "listen-client-urls in \(path)")
    let trust = root["client-transport-security"]
    take(
      trusted: trust?["trusted-ca-file"]?.string, server: trust?["cert-file"]?.string,
      "trusted-ca-file in \(path)")
    remark(onMembers: root["initial-cluster"]?.string, "initial-cluster in \(path)")
    // kube-apiserver and k3s itself use one certificate.
    let certificate = "\(server)/tls/etcd/client.crt"
    guard apiserver == nil, let user = user(of: certificate) else { return }
    apiserver = Finding(
      user, "the Common Name in \(certificate), which k3s gives to kube-apiserver and uses itself")
    client = Finding(
      Client(certificate: certificate, key: "\(server)/tls/etcd/client.key"),
      "k3s' own client, which keeps the role root")
  }

  /// `datastore-endpoint` and what belongs to it. It may be a database, whose address has a password.
  private mutating func lookAtDatastore(_ root: Node) {
    guard let endpoint = root["datastore-endpoint"]?.string else { return }
    guard endpoint.hasPrefix("https://") else {
      if !endpoint.hasPrefix("http://") {
        remarks.append("k3s does not keep its data in an etcd (datastore-endpoint in \(Self.configuration))")
      } else {
        take(urls: endpoint, "datastore-endpoint in \(Self.configuration)")
      }
      return
    }
    installer = Finding(.k3s, Self.configuration)
    take(urls: endpoint, "datastore-endpoint in \(Self.configuration)")
    if let file = root["datastore-cafile"]?.string {
      authority = Finding(file, "datastore-cafile in \(Self.configuration)")
    }
    guard let file = root["datastore-certfile"]?.string, let user = user(of: file) else { return }
    apiserver = Finding(
      user, "the Common Name in \(file), which is datastore-certfile in \(Self.configuration)")
    if let key = root["datastore-keyfile"]?.string {
      client = Finding(
        Client(certificate: file, key: key), "datastore-certfile in \(Self.configuration)")
    }
  }

  private mutating func root(of text: String, _ path: String) -> Node? {
    let documents = YAMLDocuments(text)
    if let line = documents.faultLine { remarks.append("\(path) was not used: line \(line) is not YAML") }
    return documents.faultLine == nil ? documents.all.first : nil
  }
}
