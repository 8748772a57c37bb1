import Credentials

/// What the files of a host say about etcd and its clients. Each value has its source; what no file says is nil.
///
/// The files are those of kubeadm, kubespray and k3s, at the paths that these programs use.
package struct HostDiscovery: Sendable {
  package enum Installer: String, Hashable, Sendable { case kubeadm, kubespray, k3s }

  /// A client other than kube-apiserver that needs etcd's role root.
  package struct Administrator: Hashable, Sendable {
    package let user: String
    /// What it needs the role for.
    package let why: String
  }

  /// A client certificate and its key: paths.
  package struct Client: Hashable, Sendable {
    package let certificate: String
    package let key: String
  }

  package internal(set) var installer: Finding<Installer>?
  /// Lists of https client URLs, the best one first: what kube-apiserver uses, then what the member advertises.
  /// Loopback addresses are in ``local`` only.
  package internal(set) var endpoints: [Finding<[String]>] = []
  /// URLs at which a member on this host can be asked.
  package internal(set) var local: [String] = []
  /// The path of the authority of the members' server certificates.
  package internal(set) var authority: Finding<String>?
  /// The Common Name of the certificate with which this host's kube-apiserver uses etcd.
  package internal(set) var apiserver: Finding<String>?
  /// kube-apiserver's `--etcd-prefix`; nil if none is set.
  package internal(set) var etcdPrefix: Finding<String>?
  package internal(set) var administrators: [Finding<Administrator>] = []
  /// The release of Kubernetes.
  package internal(set) var kubernetes: Finding<String>?
  /// A client certificate that etcd accepts, and whose user holds the role root in the proposed file: that of one of
  /// ``administrators`` or of kube-apiserver.
  package internal(set) var client: Finding<Client>?
  /// What a person has to know or to do: sentences.
  package internal(set) var remarks: [String] = []

  private let files: HostFiles
  private var unreadable: Set<String> = []

  package init(_ files: HostFiles) {
    self.files = files
    lookAtStaticPods()
    lookAtKubespray()
    lookAtK3s()
  }

  /// Whether no file of an installer was found.
  package var isEmpty: Bool {
    installer == nil && endpoints.isEmpty && authority == nil && apiserver == nil && kubernetes == nil
      && remarks.isEmpty
  }

  // MARK: - Reading

  /// The text of a file; nil if it does not exist. One that cannot be read becomes a remark.
  mutating func text(_ path: String) -> String? {
    switch files[path] {
    case .text(let text): return text
    case .missing: return nil
    case .unreadable(let reason):
      if unreadable.insert(path).inserted {
        remarks.append("\(path) was not used: \(reason); run as root to use it")
      }
      return nil
    }
  }

  /// The etcd user of a certificate: its last Common Name.
  mutating func user(of path: String) -> String? {
    guard let pem = text(path) else { return nil }
    guard let user = try? CertificateFacts(pem: pem, source: path).user else {
      remarks.append("\(path) was not used: it has no certificate with a Common Name")
      return nil
    }
    return user
  }

  // MARK: - Taking

  /// Takes client URLs: https ones that other hosts can reach as a list of endpoints, loopback ones as local.
  mutating func take(urls text: String?, _ source: String) {
    guard let text else { return }
    let urls = text.split(separator: ",").map { String($0.drop { $0 == " " }) }
    let secure = urls.filter { $0.hasPrefix("https://") }
    if secure.isEmpty, let plain = urls.first(where: { $0.hasPrefix("http://") }) {
      remarks.append("etcd listens without TLS at \(plain) (\(source)): it cannot identify clients there")
    }
    for url in secure where url.isLoopbackURL && !local.contains(url) { local.append(url) }
    let others = secure.filter { !$0.isLoopbackURL }
    if !others.isEmpty { endpoints.append(Finding(others, source)) }
  }

  /// Takes the authority of the server certificates from what a member trusts, if it signed the member's certificate.
  mutating func take(trusted path: String?, server: String?, _ source: String) {
    guard authority == nil, let path, let trusted = text(path) else { return }
    guard let server, let certificate = text(server) else { return }
    let authorities = (try? PEMText(text: trusted, source: path).certificates()) ?? []
    guard let own = try? PEMText(text: certificate, source: server).certificates().first,
      authorities.contains(where: { $0.hasSigned(own) })
    else {
      remarks.append(
        "\(path) is what clients are checked against (\(source)); it did not sign \(server), so it is not etcd.ca"
      )
      return
    }
    authority = Finding(path, "it signed \(server); \(source)")
  }

  mutating func take(administrator path: String, why: String) {
    guard let user = user(of: path), user != apiserver?.value else { return }
    guard !administrators.contains(where: { $0.value.user == user }) else { return }
    administrators.append(Finding(Administrator(user: user, why: why), "the Common Name in \(path)"))
  }
}

extension String {
  /// Whether the host of a URL is this machine: `127.…`, `[::1]` or `localhost`.
  package var isLoopbackURL: Bool {
    guard let start = firstRange(of: "://") else { return false }
    let host = self[start.upperBound...]
    return host.hasPrefix("127.") || host.hasPrefix("[::1]") || host == "localhost"
      || host.hasPrefix("localhost:") || host.hasPrefix("localhost/")
  }

}
