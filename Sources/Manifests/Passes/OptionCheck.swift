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
        "is to find its credentials in \(folder) of each host, which is no plain absolute path",
        hint: "give a folder such as /etc/bulkhead")
    }
  }

  private mutating func check(_ agent: AgentPlacement) {
    if agent.image.wholeMatch(of: #/[A-Za-z0-9][-A-Za-z0-9._\/:@]*/#) == nil {
      findings.fault(
        at: 0, nil, nil, "is to run the agent of the image '\(agent.image)', which is no image's name",
        hint: "give one such as registry.example/bulkhead:0.1.0")
    }
    if !agent.source.contains(where: { !$0.isWhitespace }) {
      findings.fault(
        at: 0, nil, nil, "is to have an agent without a source of certificates",
        hint: "say what stands under 'source:' in agent.yaml")
    }
  }

  private mutating func check(_ secrets: [OwnSecret]) {
    var names: [String: String] = [:]
    for secret in secrets {
      let isName =
        secret.name.count <= 253
        && secret.name.wholeMatch(of: #/[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/#)
          != nil
      if !isName {
        findings.fault(
          at: 0, nil, "Secret of \(secret.component)",
          "is to be named \(secret.name), which Kubernetes does not allow",
          hint: "use lower-case letters, digits, `-` and `.` (a DNS subdomain name)")
      }
      if let other = names.updateValue(secret.component, forKey: secret.name) {
        findings.fault(
          at: 0, nil, "Secret \(secret.name)", "is given to both \(other) and \(secret.component)",
          hint: "give each component a Secret of its own")
      }
    }
  }
}
