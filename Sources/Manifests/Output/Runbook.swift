/// The steps that roll out a specific segmented manifest: what to run, what to check afterwards, and how to
/// go back. Nothing is removed while anything still needs it.
struct Runbook {
  let manifest: SegmentedManifest
  /// The path of the manifest as the commands name it.
  let path: String
  private var plan: SegmentationPlan { manifest.plan }

  private struct Step {
    let title: String
    let run: [String]
    let check: [String]
    let back: [String]
  }

  var text: String {
    var lines = [
      "# Rolling out \(path)", "",
      "Each step adds to what is there; what the components used before goes in the last ones. Until then, going",
      "back never needs a credential that is gone. What the stages do: Documentation/apply.md.",
    ]
    for (index, step) in steps.enumerated() {
      lines += ["", "## \(index + 1). \(step.title)", ""]
      lines += step.run
      lines += ["", "Check:"] + step.check.map { "  " + $0 } + ["Back:"] + step.back.map { "  " + $0 }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private var steps: [Step] {
    [access, enforcement, credentials] + hosts + [workloads] + recreated
      + [installed, proof, cleaning, removal].compactMap(\.self)
  }

  /// A Secret that the components shared, and an object that used it; nil if each component has its own
  /// Secret already, from an earlier run.
  private var sharedSecret: (secret: String, by: KubernetesObject)? {
    plan.abandoned.filter { old in !plan.secrets.contains { $0.hasBorne(old.secret) } }
      .min { $0.secret < $1.secret }
  }

  /// The option with the placeholder OLD-USER, if there is a shared Secret.
  private var shared: String { sharedSecret == nil ? "" : " --shared OLD-USER" }

  private var access: Step {
    var who: [String] = []
    if let (secret, object) = sharedSecret {
      let encoded =
        "kubectl\(namespace(of: object)) get secret \(secret) -o jsonpath='{.data.etcd-cert}'"
      who = [
        "\(encoded) | base64 -d | openssl x509 -noout -subject",
        "# OLD-USER below is the CN that this prints; where the Secret is empty, leave --shared OLD-USER out",
      ]
    }
    return Step(
      title: "Users and roles in etcd, beside those there are",
      run: who + ["bulkhead plan", "bulkhead apply --stage prepare\(shared)"],
      check: ["bulkhead preflight\(shared) exits with 0: nobody would be locked out"],
      back: ["nothing uses the new users yet, and nothing was taken from the old one: they may stay"])
  }

  /// Before the first component changes its certificate: a client with the shared certificate keeps all its
  /// access.
  private var enforcement: Step {
    Step(
      title: "Authentication on, while everybody may still do what they could",
      run: ["bulkhead apply --stage switch\(shared)   # changes nothing where it is on"],
      check: [
        "it says that authentication is on and every member answers; where one does not, it turns it off again",
        "pods stay ready: a write on its way at that moment was refused once, 'etcdserver: user name is empty'",
      ],
      back: ["etcdctl auth disable, if it was off; nothing has been taken away yet"])
  }

  private var credentials: Step {
    if case .agent = plan.options.delivery { return served }
    return Step(
      title: "The new Secrets, before anything names them",
      run: [
        "bulkhead manifest '\(path)'\(options) --secrets secrets.yaml --to segmented.yaml",
        "kubectl apply --server-side -f secrets.yaml   # client-side apply would copy keys into an annotation",
      ],
      check: namespaces.map {
        "kubectl\($0) get secrets -l \(SecretDocuments.Secret.managedBy)=\(SecretDocuments.Secret.manager)"
      },
      back: ["nothing names them yet: they may stay"])
  }

  /// How the agents get their certificates.
  private var served: Step {
    Step(
      title: "Where the agents get certificates",
      run: [
        "let the source of SOURCE.yaml issue to the pods' service accounts, each its own identities only",
        "bulkhead manifest '\(path)'\(options) --secrets none --to segmented.yaml",
      ],
      check: [
        "kubectl version says 1.29 or later for the server",
        "bulkhead agent --config agent.yaml --once, on a machine with the same rights, exits with 0",
      ],
      back: ["nothing asks the source yet: it may stay"])
  }

  /// The options of this run, for the command that writes.
  private var options: String {
    var words: [String] = []
    if case .host(let folder) = plan.options.delivery { words.append(" --via host --host-folder \(folder)") }
    if case .agent(let agent) = plan.options.delivery {
      words.append(" --via agent --agent-image \(agent.image) --agent-source SOURCE.yaml")
    }
    if plan.options.secretNames == .fixed { words.append(" --secret-names fixed") }
    for (container, component) in plan.options.components.sorted(by: { $0.key < $1.key }) {
      words.append(" --component '\(container)=\(component)'")
    }
    return words.joined()
  }

  private var hosts: [Step] {
    guard case .host(let folder) = plan.options.delivery else { return [] }
    let components = Set(plan.uses.filter { plan.isHosted(plan.pods[$0.pod]) }.map(\.component)).sorted()
    return [
      Step(
        title: "The files on every host that the DaemonSet runs on",
        run: components.map {
          "\(folder)/\($0)/{etcd-ca,etcd-cert,etcd-key}   # the key with mode 0400, root"
        },
        check: components.map {
          "openssl x509 -noout -subject -enddate -in \(folder)/\($0)/etcd-cert, on each host"
        },
        back: ["nothing reads the files yet: they may stay"])
    ]
  }

  private var workloads: Step {
    let objects = rolledOut.filter { !isRecreated($0) }
    let manual = objects.filter(\.updatesOnDelete).map {
      "kubectl\(namespace(of: $0)) delete pod POD   # one after the other: \($0.title) updates on delete"
    }
    return Step(
      title: "The manifest",
      run: [
        "kubectl diff -f segmented.yaml   # exits with 1 where something differs",
        "kubectl apply -f segmented.yaml",
      ] + manual,
      check: objects.map { "kubectl\(namespace(of: $0)) rollout status \($0.kind.lowercased())/\($0.name)" },
      back: objects.map { "kubectl\(namespace(of: $0)) rollout undo \($0.kind.lowercased())/\($0.name)" }
        + ["the credential from before is still valid, and its Secret still there"])
  }

  /// Objects that the API server does not change in place.
  private var recreated: [Step] {
    rolledOut.filter(isRecreated).map { object in
      let name = "\(object.kind.lowercased()) \(object.name)"
      return Step(
        title: "\(object.title), which cannot be changed in place",
        run: ["kubectl\(namespace(of: object)) delete \(name)", "kubectl apply -f segmented.yaml"],
        check: ["kubectl\(namespace(of: object)) get \(name)"],
        back: ["delete it again, and kubectl apply -f \(path)"])
    }
  }

  private var installed: Step? {
    guard let use = plan.uses.first(where: { $0.component == "cni-plugin" }) else { return nil }
    let object = plan.pods[use.pod].object
    return Step(
      title: "The CNI plugin's copy on every host",
      run: ["openssl x509 -noout -subject -in /etc/cni/net.d/calico-tls/etcd-cert   # on each host"],
      check: [
        "the CN is the CNI plugin's user on each host; where it is not, \(object.title)'s pod did not restart there",
        "grep etcd_cert_file /etc/cni/net.d/10-c*.conflist names a file, and not \"\"",
        "a new pod gets an address",
      ],
      back: ["kubectl\(namespace(of: object)) rollout undo \(object.kind.lowercased())/\(object.name)"])
  }

  private var proof: Step {
    Step(
      title: "The proof",
      run: ["bulkhead verify"],
      check: ["it exits with 0: each identity may do what it needs, and nothing else"],
      back: ["as for the manifest: the credential from before may still do what it could"])
  }

  /// Removes what is not in the file, and the user of the shared certificate.
  private var cleaning: Step {
    guard let (secret, _) = sharedSecret else {
      return Step(
        title: "What the file does not want", run: ["bulkhead apply --stage clean"],
        check: ["bulkhead plan exits with 0"], back: ["nobody in the manifest needed it"])
    }
    return Step(
      title: "The user of the shared certificate",
      run: [
        "kubectl get pods -A -o json |",
        "  bulkhead apply --stage clean --shared OLD-USER --secret \(secret) --pods -",
      ],
      check: [
        "it exits with 0; with 2 somebody still uses the certificate, and its user has been given back",
        "bulkhead plan and bulkhead verify exit with 0, and pods stay ready for longer than a restart takes",
      ],
      back: [
        "etcdctl user add OLD-USER --no-password; etcdctl user grant-role OLD-USER ROLE, as it had before"
      ])
  }

  private var removal: Step? {
    let old = Set(plan.abandoned.map(\.secret)).sorted()
    if old.isEmpty { return nil }
    let objects = old.flatMap { name in
      Set(plan.abandoned.filter { $0.secret == name }.map { namespace(of: $0.by) }).sorted().map {
        "kubectl\($0) delete secret \(name)"
      }
    }
    return Step(
      title: "Only now: the Secrets that nobody names any more",
      run: objects,
      check: ["pods stay ready, and new pods get addresses"],
      back: ["keep a copy of the Secret; its user goes back into etcd as in the step before"])
  }

  private var rolledOut: [KubernetesObject] {
    let ids = Set(plan.edits.map(\.object))
    return plan.objects.filter { ids.contains($0.id) && !$0.podSpecs.isEmpty }
  }

  private func isRecreated(_ object: KubernetesObject) -> Bool { ["Pod", "Job"].contains(object.kind) }

  private func namespace(of object: KubernetesObject) -> String { object.namespace.map { " -n \($0)" } ?? "" }

  private var namespaces: [String] {
    Set(plan.needed.map { $0.namespace.map { " -n \($0)" } ?? "" }).sorted()
  }
}

extension SegmentedManifest {
  /// The commands that roll this manifest out, in order, each with a check and the way back.
  ///
  /// - Parameter path: The path of the original as the commands should name it.
  package func runbook(of path: String) -> String { Runbook(manifest: self, path: path).text }
}
