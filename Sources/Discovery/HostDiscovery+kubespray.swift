/// kubespray's etcd on hosts (kubespray, `roles/etcd/templates/etcd.env.j2` and `make-ssl-etcd.sh.j2`).
extension HostDiscovery {
  private static let environment = "/etc/etcd.env"
  private static let folder = "/etc/ssl/etcd/ssl/"

  mutating func lookAtKubespray() {
    defer { remarkOnCertificatesOfNodes() }
    guard let text = text(Self.environment) else { return }
    let variables = EnvironmentFile(text)
    let path = Self.environment
    guard variables["ETCD_NAME"] != nil || variables["ETCD_LISTEN_CLIENT_URLS"] != nil else { return }
    installer = Finding(.kubespray, path)
    take(urls: variables["ETCD_ADVERTISE_CLIENT_URLS"], "ETCD_ADVERTISE_CLIENT_URLS in \(path)")
    take(local: variables["ETCD_LISTEN_CLIENT_URLS"], "ETCD_LISTEN_CLIENT_URLS in \(path)")
    take(
      trusted: variables["ETCD_TRUSTED_CA_FILE"], server: variables["ETCD_CERT_FILE"],
      "ETCD_TRUSTED_CA_FILE in \(path)")
    remark(onMembers: variables["ETCD_INITIAL_CLUSTER"], "ETCD_INITIAL_CLUSTER in \(path)")
    guard let member = variables["ETCD_CERT_FILE"], let host = member.hostOfMember else { return }
    let admin = "\(Self.folder)admin-\(host)"
    let before = administrators.count
    take(administrator: "\(admin).pem", why: "etcdctl and health checks of kubespray on \(host)")
    guard administrators.count > before else { return }
    client = Finding(
      Client(certificate: "\(admin).pem", key: "\(admin)-key.pem"),
      "kubespray's own client, which keeps the role root")
    remarks.append(
      "kubespray makes an admin certificate for each etcd host: name the others with --administrator")
  }

  private mutating func remarkOnCertificatesOfNodes() {
    guard apiserver?.source.contains("\(Self.folder)node-") == true else { return }
    if installer == nil { installer = apiserver.map { Finding(.kubespray, $0.source) } }
    remarks.append(
      "kubespray makes a certificate for each host, which its kube-apiserver and Calico share: name those of the "
        + "other control-plane hosts with --apiserver")
  }
}

extension String {
  /// `node-1` of `/etc/ssl/etcd/ssl/member-node-1.pem`.
  fileprivate var hostOfMember: String? {
    guard let name = split(separator: "/").last, name.hasPrefix("member-"), name.hasSuffix(".pem") else {
      return nil
    }
    return String(name.dropFirst("member-".count).dropLast(".pem".count))
  }
}
