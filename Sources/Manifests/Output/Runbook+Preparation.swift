/// The steps before the manifest is applied. They only add.
extension Runbook {
  var access: Step {
    var who: [String] = []
    if let (secret, object) = sharedSecret {
      let encoded =
        "kubectl\(namespace(of: object)) get secret \(Self.word(secret)) -o jsonpath='{.data.etcd-cert}'"
      who = [
        "\(encoded) | base64 -d | openssl x509 -noout -subject",
        "# OLD-USER below is the CN that this prints; if the Secret is empty, omit --shared OLD-USER",
      ]
    }
    return Step(
      title: "New users and roles in etcd, beside the existing ones",
      run: who + ["bulkhead plan", "bulkhead apply --stage prepare\(shared)"],
      check: ["bulkhead preflight\(shared) exits with 0: no client would be locked out"],
      back: ["nothing uses the new users yet, and the old user keeps its access: leave them"])
  }

  /// Before the first component changes its certificate: a client with the shared certificate keeps all its
  /// access.
  var enforcement: Step {
    Step(
      title: "Authentication on, while every client keeps its access",
      run: ["bulkhead apply --stage switch\(shared)   # changes nothing if it is on"],
      check: [
        "it reports that authentication is on and every member answers; if one does not, it turns authentication off again",
        "pods stay ready: a write in flight at that moment is refused once, 'etcdserver: user name is empty'",
      ],
      back: ["etcdctl auth disable, if it was off; no access has been removed yet"])
  }

  var credentials: Step {
    if case .agent = manifest.options.delivery { return served }
    return Step(
      title: "The new Secrets, before anything refers to them",
      run: [
        "bulkhead manifest \(Self.word(path))\(options) --secrets secrets.yaml --to segmented.yaml",
        "kubectl apply --server-side -f secrets.yaml   # client-side apply would copy keys into an annotation",
      ],
      check: namespaces.map {
        "kubectl\($0) get secrets -l \(SecretDocuments.Secret.managedBy)=\(SecretDocuments.Secret.manager)"
      },
      back: ["nothing refers to them yet: leave them"])
  }

  /// How the agents get their certificates.
  private var served: Step {
    Step(
      title: "The source of the agents' certificates",
      run: [
        "let the source in SOURCE.yaml issue to each service account only its own identities",
        "bulkhead manifest \(Self.word(path))\(options) --secrets none --to segmented.yaml",
      ],
      check: [
        "kubectl version shows 1.29 or later for the server",
        "bulkhead agent --config agent.yaml --once, on a machine with the same access, exits with 0",
      ]
        + servedNamespaces.flatMap { option in
          [agentSecret].compactMap(\.self).map { "kubectl\(option) get secret \($0)" }
        },
      back: ["nothing uses the source yet: leave it"])
  }

  /// The options of this run, for the command that writes.
  private var options: String {
    var words: [String] = []
    if case .host(let folder) = manifest.options.delivery {
      words.append(" --via host --host-folder \(Self.word(folder))")
    }
    if case .agent(let agent) = manifest.options.delivery {
      words.append(" --via agent --agent-image \(Self.word(agent.image)) --agent-source SOURCE.yaml")
      for name in agent.files.keys.sorted() { words.append(" --agent-file \(Self.word(name))=FILE") }
      if let secret = agent.secret { words.append(" --agent-secret \(Self.word(secret))") }
      switch agent.folder {
      case nil: words.append(" --agent-memory")
      case AgentPlacement.usualFolder?: break
      case let folder?: words.append(" --host-folder \(Self.word(folder))")
      }
    }
    if manifest.options.secretNames == .fixed { words.append(" --secret-names fixed") }
    for (container, component) in manifest.options.components.sorted(by: { $0.key < $1.key }) {
      words.append(" --component \(Self.word("\(container)=\(component)"))")
    }
    return words.joined()
  }

  /// The Secret that the agents read, as a word.
  private var agentSecret: String? {
    guard case .agent(let agent) = manifest.options.delivery else { return nil }
    return agent.secret.map(Self.word)
  }

  /// The namespaces of the pods with an agent, as options.
  private var servedNamespaces: [String] {
    Set(findings.uses.filter { manifest.isServed($0.pod) }.map { namespace(of: $0.object) }).sorted()
  }

  var hosts: [Step] {
    guard case .host(let folder) = manifest.options.delivery else { return [] }
    let components = Set(
      manifest.pods.filter(manifest.isHosted).flatMap { manifest.components(of: $0, findings.uses.of($0)) }
    ).sorted()
    return [
      Step(
        title: "The files on every host that the DaemonSet runs on",
        run: components.map {
          "\(folder)/\($0)/{etcd-ca,etcd-cert,etcd-key}   # the key with mode 0400, root"
        },
        check: components.map {
          "openssl x509 -noout -subject -enddate -in \(Self.word("\(folder)/\($0)/etcd-cert")), on each host"
        },
        back: ["nothing reads the files yet: leave them"])
    ]
  }

  private var namespaces: [String] {
    Set(findings.needed.map { Self.option(namespace: $0.namespace) }).sorted()
  }
}
