import CertificateSources
import StrictYAML
import YAML

/// The section `source`.
extension AgentReader {
  mutating func source(_ node: Node) -> AgentConfiguration.Source? {
    let before = reader.faults.count
    let keys = ["directory", "server", "vault"]
    let fields = reader.fields(node, of: "'source'", known: keys)
    guard reader.faults.count == before, let kind = only(fields, of: keys, node, "'source'"),
      let section = fields[kind]
    else { return nil }
    return switch kind {
    case "directory": directory(section)
    case "server": server(section).map(AgentConfiguration.Source.server)
    default: vault(section).map(AgentConfiguration.Source.vault)
    }
  }

  private mutating func directory(_ node: Node) -> AgentConfiguration.Source? {
    let fields = reader.fields(node, of: "'source.directory'", known: ["path"], required: ["path"])
    return path(fields["path"], of: "'source.directory.path'").map(AgentConfiguration.Source.directory)
  }

  private mutating func server(_ node: Node) -> ServerSettings? {
    let fields = reader.fields(
      node, of: "'source.server'", known: ["address", "ca", "token"], required: ["address"])
    let authority = path(fields["ca"], of: "'source.server.ca'")
    let token = path(fields["token"], of: "'source.server.token'")
    return address(fields["address"], of: "'source.server.address'").map {
      ServerSettings(
        address: $0, authority: authority, token: Secret(file: token, variable: "BULKHEAD_TOKEN"))
    }
  }

  private mutating func vault(_ node: Node) -> VaultSettings? {
    let place = "'source.vault'"
    let before = reader.faults.count
    let fields = reader.fields(
      node, of: place, known: ["address", "ca", "namespace", "pki", "kv", "auth"],
      required: ["address", "auth"])
    let isUnderstood = reader.faults.count == before
    let address = address(fields["address"], of: "'source.vault.address'")
    let authority = path(fields["ca"], of: "'source.vault.ca'")
    let namespace = text(fields["namespace"], of: "'source.vault.namespace'")
    let login = fields["auth"].flatMap { self.login($0) }
    let engine = isUnderstood ? self.engine(fields, node) : nil
    guard let address, let engine, let login else { return nil }
    return VaultSettings(
      address: address, authority: authority, namespace: namespace, engine: engine, login: login)
  }

  private mutating func engine(_ fields: [String: Node], _ node: Node) -> VaultSettings.Engine? {
    guard let kind = only(fields, of: ["pki", "kv"], node, "'source.vault'"), let section = fields[kind]
    else { return nil }
    let isSigning = kind == "pki"
    let key = isSigning ? "role" : "path"
    let place = "'source.vault.\(kind)"
    let own = reader.fields(section, of: "\(place)'", known: ["mount", key], required: [key])
    let mount = mount(own["mount"], of: "\(place).mount'", usual: isSigning ? "pki" : "secret")
    guard let name = text(own[key], of: "\(place).\(key)'") else { return nil }
    return isSigning ? .pki(mount: mount, role: name) : .keyValue(mount: mount, path: name)
  }

  private mutating func login(_ node: Node) -> VaultSettings.Login? {
    let before = reader.faults.count
    let place = "'source.vault.auth'"
    let kinds = ["token", "appRole", "kubernetes", "jwt", "certificate"]
    let fields = reader.fields(node, of: place, known: kinds)
    guard reader.faults.count == before, let kind = only(fields, of: kinds, node, place),
      let section = fields[kind]
    else { return nil }
    let prefix = "'source.vault.auth.\(kind)"
    switch kind {
    case "token":
      let own = reader.fields(section, of: "\(prefix)'", known: ["file"])
      return .token(Secret(file: path(own["file"], of: "\(prefix).file'"), variable: "VAULT_TOKEN"))
    case "appRole":
      let own = reader.fields(
        section, of: "\(prefix)'", known: ["mount", "roleId", "secretId", "wrappedSecretId"],
        required: ["roleId", "secretId"])
      let mount = mount(own["mount"], of: "\(prefix).mount'", usual: "approle")
      let secret = Secret(file: path(own["secretId"], of: "\(prefix).secretId'"))
      let wrapped = path(own["wrappedSecretId"], of: "\(prefix).wrappedSecretId'")
      return text(own["roleId"], of: "\(prefix).roleId'").map {
        .appRole(mount: mount, roleID: $0, secretID: secret, wrapped: wrapped)
      }
    case "jwt":
      let own = reader.fields(
        section, of: "\(prefix)'", known: ["mount", "role", "token"], required: ["role", "token"])
      let mount = mount(own["mount"], of: "\(prefix).mount'", usual: "jwt")
      let token = Secret(file: path(own["token"], of: "\(prefix).token'"))
      return text(own["role"], of: "\(prefix).role'").map {
        .jwt(mount: mount, role: $0, token: token)
      }
    case "kubernetes":
      let own = reader.fields(
        section, of: "\(prefix)'", known: ["mount", "role", "token"], required: ["role"])
      let mount = mount(own["mount"], of: "\(prefix).mount'", usual: "kubernetes")
      let token = path(own["token"], of: "\(prefix).token'") ?? Self.serviceAccountToken
      return text(own["role"], of: "\(prefix).role'").map {
        .kubernetes(mount: mount, role: $0, token: Secret(file: token))
      }
    default:
      let own = reader.fields(
        section, of: "\(prefix)'", known: ["mount", "role", "certificate", "key"],
        required: ["certificate", "key"])
      let mount = mount(own["mount"], of: "\(prefix).mount'", usual: "cert")
      let role = text(own["role"], of: "\(prefix).role'")
      let certificate = path(own["certificate"], of: "\(prefix).certificate'")
      let key = path(own["key"], of: "\(prefix).key'")
      guard let certificate, let key else { return nil }
      return .certificate(mount: mount, role: role, certificate: certificate, key: key)
    }
  }

  /// The path of a pod's token (Kubernetes, `serviceaccount.DefaultAPITokenMountPath`).
  private static let serviceAccountToken = "/var/run/secrets/kubernetes.io/serviceaccount/token"

  private mutating func mount(_ node: Node?, of place: String, usual: String) -> String {
    text(node, of: place) ?? usual
  }

  mutating func address(_ node: Node?, of place: String) -> SourceAddress? {
    guard let node, let word = text(node, of: place) else { return nil }
    do {
      return try SourceAddress(word)
    } catch {
      reader.fault(node, "\(place) \(error.problem)", hint: error.hint)
      return nil
    }
  }
}
