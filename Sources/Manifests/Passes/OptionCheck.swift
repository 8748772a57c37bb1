/// Refuses options that would give a manifest that Kubernetes does not accept, or pods without a credential.
struct OptionCheck {
  private(set) var findings: Findings

  init(_ manifest: Manifest) {
    findings = Findings(in: manifest)
    switch manifest.options.delivery {
    case .secrets: break
    case .host(let folder): check(folder)
    case .agent(let agent): check(agent)
    }
    check(manifest.secrets)
  }

  private mutating func check(_ folder: String) {
    if folder.wholeMatch(of: #/(\/[A-Za-z0-9_][-._A-Za-z0-9]*)+/#) == nil {
      findings.fault(
        at: 0, nil, nil,
        "would read its credentials from \(folder) of each host, which is not a plain absolute path",
        hint: "give a folder such as /etc/bulkhead")
    }
  }

  private static func isObjectName(_ name: String) -> Bool {
    // Kubernetes, `apimachinery/pkg/util/validation.IsDNS1123Subdomain`.
    name.count <= 253
      && name.wholeMatch(of: #/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/#) != nil
  }

  private mutating func check(_ agent: AgentPlacement) {
    if agent.image.wholeMatch(of: #/[A-Za-z0-9][-A-Za-z0-9._\/:@]*/#) == nil {
      findings.fault(
        at: 0, nil, nil, "would run the agent of the image '\(agent.image)', which is not an image name",
        hint: "give one such as registry.example/bulkhead:TAG")
    }
    if !agent.source.contains(where: { !$0.isWhitespace }) {
      findings.fault(
        at: 0, nil, nil, "would have an agent without a source of certificates",
        hint: "give the content of 'source:' in agent.yaml")
    }
    if let folder = agent.folder { check(folder) }
    for name in agent.files.keys.sorted() where !AgentPlacement.isFileName(name) {
      findings.fault(
        at: 0, nil, nil, "would have a file '\(name)' in the agent's ConfigMap, which is not a name for one",
        hint: "use letters, digits, '-', '_' and '.'; agent.yaml and etcd-ca.crt are there already")
    }
    if let secret = agent.secret, !Self.isObjectName(secret) {
      findings.fault(
        at: 0, nil, nil, "would mount the Secret '\(secret)' in the agent, which is not a name of a Secret",
        hint: "use lower-case letters, digits, `-` and `.` (a DNS subdomain name)")
    }
  }

  private mutating func check(_ secrets: [OwnSecret]) {
    var names: [String: String] = [:]
    for secret in secrets {
      if !Self.isObjectName(secret.name) {
        findings.fault(
          at: 0, nil, "Secret of \(secret.component)",
          "would be named \(secret.name), which Kubernetes does not allow",
          hint: "use lower-case letters, digits, `-` and `.` (a DNS subdomain name)")
      }
      if let other = names.updateValue(secret.component, forKey: secret.name) {
        findings.fault(
          at: 0, nil, "Secret \(secret.name)", "is used for both \(other) and \(secret.component)",
          hint: "give each component its own Secret")
      }
    }
  }
}
