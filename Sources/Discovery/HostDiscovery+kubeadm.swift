/// The static pods of kubeadm, which kubespray starts Kubernetes with, too.
extension HostDiscovery {
  private static let manifests = "/etc/kubernetes/manifests"
  /// kubeadm's own client of a stacked etcd (kubernetes, `cmd/kubeadm/app/phases/certs/certlist.go`).
  private static let healthcheck = "/etc/kubernetes/pki/etcd/healthcheck-client"

  mutating func lookAtStaticPods() {
    lookAtAPIServer("\(Self.manifests)/kube-apiserver.yaml")
    lookAtEtcd("\(Self.manifests)/etcd.yaml")
  }

  private mutating func lookAtAPIServer(_ path: String) {
    guard let text = text(path) else { return }
    guard let flags = ProgramFlags(of: "kube-apiserver", in: text) else {
      remarks.append("\(path) was not used: it has no container that runs kube-apiserver")
      return
    }
    if let tag = flags.tag { kubernetes = Finding(tag, "the image in \(path)") }
    take(urls: flags["etcd-servers"], "--etcd-servers in \(path)")
    if let file = flags["etcd-cafile"] { authority = Finding(file, "--etcd-cafile in \(path)") }
    if let prefix = flags["etcd-prefix"] { etcdPrefix = Finding(prefix, "--etcd-prefix in \(path)") }
    if flags["etcd-servers-overrides"] != nil {
      remarks.append(
        "kube-apiserver keeps some resources in another etcd (--etcd-servers-overrides in \(path)), which is not "
          + "described here")
    }
    guard let file = flags["etcd-certfile"] else { return }
    if let user = user(of: file) {
      apiserver = Finding(user, "the Common Name in \(file), which is --etcd-certfile in \(path)")
      if let key = flags["etcd-keyfile"] {
        client = Finding(Client(certificate: file, key: key), "--etcd-certfile in \(path)")
      }
    }
  }

  private mutating func lookAtEtcd(_ path: String) {
    guard let text = text(path) else { return }
    guard let flags = ProgramFlags(of: "etcd", in: text) else {
      remarks.append("\(path) was not used: it has no container that runs etcd")
      return
    }
    installer = Finding(.kubeadm, path)
    take(urls: flags["advertise-client-urls"], "--advertise-client-urls in \(path)")
    take(local: flags["listen-client-urls"], "--listen-client-urls in \(path)")
    take(
      trusted: flags["trusted-ca-file"], server: flags["cert-file"], "--trusted-ca-file in \(path)")
    remark(onMembers: flags["initial-cluster"], "--initial-cluster in \(path)")
    if flags["client-cert-auth"] != "true" {
      remarks.append("etcd does not ask for client certificates (--client-cert-auth in \(path))")
    }
    take(
      administrator: "\(Self.healthcheck).crt",
      why: "kubeadm join, reset and upgrade; probes of the etcd pod")
    // The certificate that kubeadm itself asks etcd with.
    if administrators.contains(where: { $0.source.contains(Self.healthcheck) }) {
      client = Finding(
        Client(certificate: "\(Self.healthcheck).crt", key: "\(Self.healthcheck).key"),
        "kubeadm's own client, which keeps the role root")
    }
  }

  /// Takes only the addresses at which the member can be asked from this host.
  mutating func take(local text: String?, _ source: String) {
    let before = endpoints
    take(urls: text, source)
    endpoints = before
  }

  /// The list with which a member was started names members by their peer URLs, which are not for clients.
  mutating func remark(onMembers text: String?, _ source: String) {
    let names = (text ?? "").split(separator: ",").compactMap { $0.split(separator: "=").first }
    guard names.count > 1 else { return }
    remarks.append(
      "the member was started with \(names.joined(separator: ", ")) (\(source)): compare the endpoints")
  }
}
