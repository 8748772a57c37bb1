/// The steps from the manifest to the removal of what the components used before.
extension Runbook {
  /// What the way back needs: `kubectl rollout undo` brings pods back, and not the ConfigMaps with their paths.
  var copies: [Step] {
    if saved.isEmpty { return [] }
    let commands = saved.map { object -> String in
      let get = "kubectl\(namespace(of: object)) get \(Self.target(object))"
      return "\(get) -o jsonpath='{.\(Self.savedField(of: object))}' >\(Self.copyFile(of: object))"
    }
    return [
      Step(
        title: "A copy of what the manifest changes and no rollout brings back", run: commands,
        check: ["each file has content: head -c 100 before-*.json"], back: ["nothing has changed yet"])
    ]
  }

  var workloads: Step {
    let objects = rolledOut.filter { !isRecreated($0) }
    return Step(
      title: "The manifest",
      run: [
        "kubectl diff -f segmented.yaml   # exits with 1 if something differs",
        "kubectl apply -f segmented.yaml",
      ] + deletions,
      check: objects.map {
        Self.hasRollout($0)
          ? "kubectl\(namespace(of: $0)) rollout status \(Self.target($0))"
          : "kubectl\(namespace(of: $0)) get \(Self.target($0))   # its next pods have the new credential"
      },
      back: back)
  }

  /// The way back from the applied manifest. First what the earlier pods read at their start.
  private var back: [String] {
    let restored = saved.map { object -> String in
      let patch = "kubectl\(namespace(of: object)) patch \(Self.target(object)) --type merge"
      let field = Self.savedField(of: object)
      return "\(patch) -p \"{\\\"\(field)\\\": $(cat \(Self.copyFile(of: object)))}\""
    }
    let undone = rolledOut.filter { !isRecreated($0) && Self.hasRollout($0) }
      .map { "kubectl\(namespace(of: $0)) rollout undo \(Self.target($0))" }
    return restored + undone + deletions
      + ["the previous credential is still valid, and its Secret still exists"]
  }

  /// For workloads whose pods are replaced by hand.
  private var deletions: [String] {
    rolledOut.filter(\.updatesOnDelete).map {
      "kubectl\(namespace(of: $0)) delete pod POD   # one at a time: \($0.title) updates on delete"
    }
  }

  /// The objects whose earlier content no rollout brings back: ConfigMaps, and workloads without a history.
  private var saved: [KubernetesObject] {
    let edited = Set(findings.edits.map(\.object))
    let replaced = findings.superseded.filter { old in
      findings.configMaps.contains { $0.name == old.name && $0.namespace == old.namespace }
    }
    let ids = Set(replaced.map(\.id))
    return manifest.objects.filter { object in
      if object.kind == "ConfigMap" { return edited.contains(object.id) || ids.contains(object.id) }
      return edited.contains(object.id) && !object.podSpecs.isEmpty && !isRecreated(object)
        && !Self.hasRollout(object)
    }
  }

  /// The field of an object that is saved; a merge patch brings it back (RFC 7386).
  private static func savedField(of object: KubernetesObject) -> String {
    object.kind == "ConfigMap" ? "data" : "spec"
  }

  /// The name of the file with the saved field, as one word.
  private static func copyFile(of object: KubernetesObject) -> String {
    let words = [object.namespace, object.kind.lowercased(), object.name].compactMap(\.self)
    let name = words.joined(separator: "-").map { character in
      character.isASCII && (character.isLetter || character.isNumber) ? character : "-"
    }
    return "before-\(String(name)).json"
  }

  /// Whether `kubectl rollout` knows the kind.
  private static func hasRollout(_ object: KubernetesObject) -> Bool {
    ["DaemonSet", "Deployment", "StatefulSet"].contains(object.kind)
  }

  /// Objects that the API server does not change in place.
  var recreated: [Step] {
    let empty = manifest.objects.filter { $0.kind == "Secret" && !$0.root.isPopulated }.map(\.name)
    let caution = empty.map {
      "first remove the empty Secret \($0) from it: applying it could empty the live one"
    }
    return rolledOut.filter(isRecreated).map { object in
      let name = Self.target(object)
      return Step(
        title: "\(object.title), which cannot be changed in place",
        run: ["kubectl\(namespace(of: object)) delete \(name)", "kubectl apply -f segmented.yaml"],
        check: ["kubectl\(namespace(of: object)) get \(name)"],
        back: ["delete it again, and kubectl apply -f \(Self.word(path))"] + caution)
    }
  }

  var installed: Step? {
    guard
      let pod = manifest.pods.first(where: {
        manifest.components(of: $0, findings.uses.of($0)).contains("cni-plugin")
      })
    else { return nil }
    let object = pod.object
    let back = ["as for the manifest"]
    if let folder = manifest.pluginFolder(of: pod) {
      return Step(
        title: "The CNI plugin's files on every host",
        run: [
          "openssl x509 -noout -subject -enddate -in \(Self.word("\(folder)/etcd-cert"))   # on each host",
          "ls /etc/cni/net.d/calico-tls   # does not exist any more: the plugin reads \(folder)",
        ],
        check: [
          "grep etcd_cert_file /etc/cni/net.d/10-c*.conflist shows \(folder)/etcd-cert",
          "a new pod gets an address",
        ], back: back)
    }
    return Step(
      title: "The CNI plugin's copy on every host",
      run: ["openssl x509 -noout -subject -in /etc/cni/net.d/calico-tls/etcd-cert   # on each host"],
      check: [
        "the CN is the CNI plugin's user on each host; if it is not, \(object.title)'s pod did not restart there",
        "grep etcd_cert_file /etc/cni/net.d/10-c*.conflist shows a file, not \"\"",
        "a new pod gets an address",
      ],
      back: back)
  }

  var proof: Step {
    Step(
      title: "The proof",
      run: ["bulkhead verify\(fileOption)"],
      check: sharedSecret == nil
        ? ["it exits with 0: each identity has the access that it needs, and no more"]
        : [
          "each identity has the access that it needs, and no more",
          "it exits with 2, because OLD-USER still exists until the next step; no other user is named",
        ],
      back: ["as for the manifest: the previous credential still has its access"])
  }

  /// Removes what is not in the file, and the user of the shared certificate.
  var cleaning: Step {
    guard let (secret, _) = sharedSecret else {
      return Step(
        title: "What the file does not contain", run: ["bulkhead apply --stage clean\(fileOption)"],
        check: ["bulkhead plan\(fileOption) exits with 0"], back: ["no component of the manifest needed it"])
    }
    return Step(
      title: "The user of the shared certificate",
      run: [
        "kubectl get pods -A -o json |",
        "  bulkhead apply --stage clean --shared OLD-USER --secret \(Self.word(secret)) --pods -\(fileOption)",
      ],
      check: [
        "it exits with 0; with 2 a client still uses the certificate, and its user has been restored",
        "bulkhead plan\(fileOption) and bulkhead verify\(fileOption) exit with 0, and pods stay ready for longer than a restart takes",
      ],
      back: [
        "etcdctl user add OLD-USER --no-password; etcdctl user grant-role OLD-USER ROLE, as it had before"
      ])
  }

  var removal: Step? {
    let old = Set(findings.abandoned.map(\.secret)).sorted()
    if old.isEmpty { return nil }
    let objects = old.flatMap { name in
      Set(findings.abandoned.filter { $0.secret == name }.map { namespace(of: $0.by) }).sorted().map {
        "kubectl\($0) delete secret \(Self.word(name))"
      }
    }
    let windows = "kubectl get nodes -l kubernetes.io/os=windows   # with Windows nodes: keep the Secrets"
    return Step(
      title: "Last: the Secrets that nothing refers to any more",
      run: [windows] + objects,
      check: [
        "pods stay ready, and new pods get addresses",
        "no Windows node is there: Calico's installer for Windows reads the Secret of -EtcdTlsSecretName at each "
          + "installation, also on a node that is added later",
      ],
      back: ["keep a copy of the Secret; restore its user in etcd as in the previous step"])
  }

  /// The folders on the hosts that no pod reads any more.
  var leftovers: Step? {
    let old = findings.leftovers
    if old.isEmpty { return nil }
    let filled = old.filter { !$0.isAgents }.map(\.path)
    return Step(
      title: "Last: the credentials that stay on the hosts",
      run: [
        "\(HostLeftovers.removal(of: old.map(\.path)))   # on each host, also on those that no longer run the pods"
      ],
      check: [
        filled.isEmpty
          ? "kubectl get daemonsets -A -o yaml | grep -F \(Self.word(old[0].path)) prints nothing"
          : "whatever filled \(filled.joined(separator: " and ")) no longer runs there: an agent's service, a play, 'install'"
      ],
      back: ["bring the credentials there again before the manifest of before"])
  }

  private var rolledOut: [KubernetesObject] {
    let ids = Set(findings.edits.map(\.object))
    return manifest.objects.filter { ids.contains($0.id) && !$0.podSpecs.isEmpty }
  }

  private func isRecreated(_ object: KubernetesObject) -> Bool { ["Pod", "Job"].contains(object.kind) }
}
