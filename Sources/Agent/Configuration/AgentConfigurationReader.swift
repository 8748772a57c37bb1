import AgentFile
import CertificateSources
import Files
import Names
import StrictYAML
import Text
import YAML

extension AgentConfiguration {
  /// - Parameters:
  ///   - file: Its name, for messages.
  ///   - folder: The base of relative paths.
  ///   - environment: The values of `${NAME}`.
  /// - Throws: All faults of the file, each with line, column and hint.
  package init(
    _ text: String, file: String, folder: String, environment: [String: String]
  ) throws(FileFaults) {
    let text = YAMLText(
      text, emptyHint: "see Documentation/agent.md for one to begin with",
      secondHint: "one file, one agent; it may keep several certificates")
    self = try FileReader.read(text, file: file) { reader, root in
      var agent = AgentReader(reader: reader, folder: folder, environment: environment)
      defer { reader = agent.reader }
      return agent.configuration(root)
    }
  }
}

/// Reads an agent's file, with the environment and the folder that its values may refer to.
struct AgentReader {
  var reader: FileReader
  let folder: String
  private(set) var environment: [String: String]

  fileprivate mutating func configuration(_ root: Node) -> AgentConfiguration? {
    // A member of etcd may need the revocation list alone.
    let isListOnly = root["revocationList"] != nil && root["source"] == nil && root["certificates"] == nil
    let fields = reader.fields(
      root, of: "the file", known: AgentFile.Key.allCases.map(\.rawValue),
      required: ["apiVersion", "kind"] + (isListOnly ? [] : ["source", "certificates"]))
    reader.constant(fields["apiVersion"], of: "'apiVersion'", AgentFile.apiVersion)
    reader.constant(fields["kind"], of: "'kind'", AgentFile.kind)
    if environment[AgentFile.calicoNode] == nil {
      environment[AgentFile.calicoNode] = environment[AgentFile.kubernetesNode]
    }
    if let names = fields["nodeNames"] { readNames(names) }
    let source = fields["source"].flatMap { self.source($0) }
    let deliveries = isListOnly ? [] : deliveries(fields["certificates"])
    let revocationList = fields["revocationList"].flatMap { self.revocationList($0) }
    let etcdCA = path(fields["etcdCA"], of: "'etcdCA'")
    let lifetime = lifetime(fields["lifetime"])
    let renewal = renewal(fields["renewal"])
    let listen = listen(fields["listen"])
    if let node = fields["source"], etcdCA == nil, case .vault(let vault) = source,
      case .pki = vault.engine
    {
      reader.fault(
        node, "Vault's PKI engine does not say which authorities etcd's own certificates have",
        hint: "name their file: 'etcdCA: FILE'")
    }
    guard source != nil || isListOnly else { return nil }
    return AgentConfiguration(
      source: source, deliveries: deliveries, revocationList: revocationList, etcdCA: etcdCA,
      lifetime: lifetime, renewal: renewal, listen: listen)
  }

  /// Sets the variable with Calico's name of this node.
  private mutating func readNames(_ node: Node) {
    let variable = AgentFile.calicoNode
    guard let mapping = node.mapping else {
      return reader.fault(
        node, "'nodeNames' is not a mapping",
        hint: "write Calico's name of each node after its name in Kubernetes")
    }
    var names: [String: String] = [:]
    for (key, value) in mapping.pairs {
      guard let kubernetes = reader.text(key, of: "a node's name in Kubernetes", numbers: true),
        let name = reader.text(value, of: "Calico's name of a node", numbers: true)
      else { continue }
      names[kubernetes] = name
    }
    guard let here = environment[AgentFile.kubernetesNode], !here.isEmpty else {
      return reader.fault(
        node, "'nodeNames' needs the environment variable '\(AgentFile.kubernetesNode)', which is not set",
        hint: "in a pod, take it from a field: 'fieldRef: {fieldPath: spec.nodeName}'")
    }
    // A node without an entry has one name. It must not be the name of another node, whose identity it would ask for.
    guard names[here] != nil || !names.values.contains(here) else {
      return reader.fault(
        node, "\(quoted(here)) is Calico's name of a node that has another name in Kubernetes",
        hint:
          "list under 'nodes' in bulkhead.yaml the node that has this name in Kubernetes, run 'bulkhead manifest' again and apply the result"
      )
    }
    environment[variable] = names[here] ?? here
  }

  private mutating func revocationList(_ node: Node) -> AgentConfiguration.RevocationList? {
    let place = "'revocationList'"
    let fields = reader.fields(
      node, of: place, known: ["address", "ca", "authority", "file", "owner", "group", "interval"],
      required: ["address", "authority", "file"])
    let address = address(fields["address"], of: "'revocationList.address'")
    let ca = path(fields["ca"], of: "'revocationList.ca'")
    let authority = path(fields["authority"], of: "'revocationList.authority'")
    let file = path(fields["file"], of: "'revocationList.file'")
    let owner = account(fields["owner"], of: "'revocationList.owner'")
    let group = account(fields["group"], of: "'revocationList.group'")
    let word = fields["interval"].flatMap { reader.text($0, of: "'revocationList.interval'", numbers: true) }
    var interval = Lifetime("1m")
    if let word, let node = fields["interval"] {
      interval = Lifetime(word).flatMap { (60...86_400).contains($0.seconds) ? $0 : nil }
      if interval == nil {
        reader.fault(
          node, "'revocationList.interval' cannot be \(quoted(word))", hint: "write a time from 1m to 1d")
      }
    }
    guard let address, let authority, let file, let interval else { return nil }
    return AgentConfiguration.RevocationList(
      source: RevocationListSource(address: address, authority: ca), authority: authority, file: file,
      owner: owner, group: group, interval: interval)
  }

  private mutating func lifetime(_ node: Node?) -> Lifetime? {
    guard let node, let word = reader.text(node, of: "'lifetime'", numbers: true) else { return nil }
    if let lifetime = Lifetime(word) { return lifetime }
    reader.fault(node, "'lifetime' cannot be \(quoted(word))", hint: Lifetime.form)
    return nil
  }

  private mutating func renewal(_ node: Node?) -> RenewalPolicy {
    var policy = RenewalPolicy()
    guard let node else { return policy }
    let fields = reader.fields(node, of: "'renewal'", known: ["share", "jitter"])
    if let share = share(fields["share"], of: "'renewal.share'", 0.1...0.9) { policy.share = share }
    if let jitter = share(fields["jitter"], of: "'renewal.jitter'", 0...0.5) { policy.jitter = jitter }
    if policy.jitter >= policy.share {
      reader.fault(
        node, "'renewal.jitter' is not less than 'renewal.share'",
        hint: "the certificate would be due when it is new; the usual values are 0.67 and 0.1")
    }
    return policy
  }

  private mutating func share(_ node: Node?, of place: String, _ range: ClosedRange<Double>) -> Double? {
    guard let node, let word = reader.text(node, of: place, numbers: true) else { return nil }
    if let share = Double(word), range.contains(share) { return share }
    reader.fault(
      node, "\(place) cannot be \(quoted(word))",
      hint: "a share of the lifetime, from \(range.lowerBound) to \(range.upperBound)")
    return nil
  }

  /// A probe has to know the port, so the system must not choose it.
  private mutating func listen(_ node: Node?) -> ListenAddress? {
    guard let node, let word = text(node, of: "'listen'") else { return nil }
    if let address = ListenAddress(word), address.port > 0 { return address }
    reader.fault(
      node, "'listen' cannot be \(quoted(word))", hint: "write it as 127.0.0.1:9878, or [::1]:9878")
    return nil
  }

  // MARK: - values

  /// A text in which `${NAME}` is replaced by the environment variable, so that one file serves all nodes. `$${`
  /// stands for `${`.
  mutating func text(_ node: Node?, of place: String) -> String? {
    guard let node, let word = reader.text(node, of: place) else { return nil }
    var (result, rest) = ("", word[...])
    while let start = rest.firstRange(of: "${") {
      if rest[..<start.lowerBound].last == "$" {
        result += rest[..<start.lowerBound].dropLast() + "${"
        rest = rest[start.upperBound...]
        continue
      }
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else { break }
      let name = String(rest[start.upperBound..<end])
      guard let value = environment[name], !value.isEmpty else {
        reader.fault(
          node, "\(place) refers to the environment variable \(quoted(name)), which is not set",
          hint:
            "set it where the agent is started: 'Environment=' of its unit, in a pod 'fieldRef: {fieldPath: spec.nodeName}'"
        )
        return nil
      }
      result += rest[..<start.lowerBound] + value
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  /// A path, relative to the working directory or absolute.
  mutating func path(_ node: Node?, of place: String) -> String? {
    text(node, of: place)?.relative(to: folder)
  }

  /// The only one of several keys that exists; it is a fault if not exactly one does.
  mutating func only(_ fields: [String: Node], of keys: [String], _ node: Node, _ place: String) -> String? {
    let present = keys.filter { fields[$0] != nil }
    if present.count == 1 { return present.first }
    reader.fault(
      node, "\(place) has \(present.isEmpty ? "none" : "more than one") of \(keys.joined(separator: ", "))",
      hint: "write exactly one of them")
    return nil
  }
}
