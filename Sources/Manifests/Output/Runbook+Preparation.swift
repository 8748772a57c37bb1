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
    var check = [
      "bulkhead preflight\(shared)\(fileOption) has no finding PF001 or PF002: no client would be locked out",
      "it exits with 0; with 2 read each other error first. PF017 names vulnerabilities of the members' release: "
        + "update etcd, or repeat it with --accept PF017",
    ]
    if sharedSecret != nil {
      check.append("PF021 for OLD-USER is expected: it keeps the role root until the stage clean")
    }
    return Step(
      title: "New users and roles in etcd, beside the existing ones",
      run: who + ["bulkhead plan\(fileOption)", "bulkhead apply --stage prepare\(shared)\(fileOption)"],
      check: check,
      back: ["nothing uses the new users yet, and the old user keeps its access: leave them"])
  }

  /// Before the first component changes its certificate: a client with the shared certificate keeps all its
  /// access.
  var enforcement: Step {
    Step(
      title: "Authentication on, while every client keeps its access",
      run: ["bulkhead apply --stage switch\(shared)\(fileOption)   # changes nothing if it is on"],
      check: [
        "it reports that authentication is on and every member answers; if one does not, it turns authentication off again",
        "pods stay ready: a write in flight at that moment is refused once, 'etcdserver: user name is empty'",
      ],
      back: ["etcdctl auth disable, if it was off; no access has been removed yet"])
  }

  var credentials: Step {
    if case .agent = manifest.options.delivery { return served }
    if namespaces.isEmpty {
      return Step(
        title: "The segmented manifest", run: written,
        check: ["segmented.yaml contains no Secret of a component"],
        back: ["nothing is applied yet"])
    }
    return Step(
      title: "The new Secrets, before anything refers to them", run: written, check: secretsAreThere,
      back: ["nothing refers to them yet: leave them"])
  }

  /// The command that writes the manifest, and the one for the Secrets that some pods need.
  private var written: [String] {
    let secrets = namespaces.isEmpty ? "none" : "secrets.yaml"
    let command =
      "bulkhead manifest \(Self.word(path))\(fileOption)\(options) --secrets \(secrets) --to segmented.yaml"
    return namespaces.isEmpty
      ? [command]
      : [
        command,
        "kubectl apply --server-side -f secrets.yaml   # client-side apply would copy keys into an annotation",
      ]
  }

  private var secretsAreThere: [String] {
    namespaces.map {
      "kubectl\($0) get secrets -l \(SecretDocuments.Secret.managedBy)=\(SecretDocuments.Secret.manager)"
    }
  }

  /// How the agents get their certificates.
  private var served: Step {
    let secrets = servedNamespaces.flatMap { option in
      [agentSecret].compactMap(\.self).map { "kubectl\(option) get secret \($0)" }
    }
    let check = [
      "kubectl version shows 1.29 or later for the server",
      "bulkhead agent --config agent.yaml --once, on a machine with the same access, exits with 0",
    ]
    return Step(
      title: "The source of the agents' certificates",
      run: ["let the source in SOURCE.yaml issue to each service account only its own identities"] + written,
      check: check + secrets + secretsAreThere, back: ["nothing uses the source yet: leave it"])
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
