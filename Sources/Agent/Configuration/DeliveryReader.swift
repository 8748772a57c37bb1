import AgentFile
import Names
import StrictYAML
import Text
import YAML

/// The section `certificates`.
extension AgentReader {
  mutating func deliveries(_ node: Node?) -> [AgentConfiguration.Delivery] {
    var deliveries: [AgentConfiguration.Delivery] = []
    // A folder holds one pair: two deliveries in one folder would replace each other's files.
    var folders: Set<String> = []
    for node in reader.elements(node, of: "'certificates'") {
      guard let delivery = delivery(node) else { continue }
      for folder in [delivery.directory, delivery.cniCopy].compactMap({ $0 })
      where !folders.insert(folder).inserted {
        reader.fault(
          node, "the folder \(quoted(folder)) is used twice",
          hint: "give each certificate a folder of its own")
      }
      deliveries.append(delivery)
    }
    if let node, node.sequence?.isEmpty == true {
      reader.fault(node, "'certificates' is empty", hint: "name at least one: {identity: …, directory: …}")
    }
    return deliveries
  }

  private mutating func delivery(_ node: Node) -> AgentConfiguration.Delivery? {
    let place = "an entry of 'certificates'"
    let fields = reader.fields(
      node, of: place, known: AgentDelivery.Key.allCases.map(\.rawValue), required: ["identity", "directory"])
    let identity = identity(fields["identity"])
    let directory = path(fields["directory"], of: "'directory'")
    let directoryMode = directoryMode(fields["directoryMode"])
    let keyMode = mode(fields["keyMode"], of: "'keyMode'", isSecret: true)
    let certificateMode = mode(fields["certificateMode"], of: "'certificateMode'", isSecret: false)
    let owner = account(fields["owner"], of: "'owner'")
    let group = account(fields["group"], of: "'group'")
    let cniCopy = path(fields["cniCopy"], of: "'cniCopy'")
    let cniNetwork = fields["cniNetwork"].flatMap { network($0) }
    let afterChange = fields["afterChange"].flatMap { self.afterChange($0) }
    guard let identity, let directory else { return nil }
    return AgentConfiguration.Delivery(
      identity: identity, directory: directory, keyMode: keyMode ?? AgentDelivery.usualKeyMode,
      certificateMode: certificateMode ?? AgentDelivery.usualCertificateMode, owner: owner, group: group,
      directoryMode: directoryMode, cniCopy: cniCopy, cniNetwork: cniNetwork, afterChange: afterChange)
  }

  private mutating func network(_ node: Node) -> AgentDelivery.CNINetwork? {
    let fields = reader.fields(node, of: "'cniNetwork'", known: ["name", "folder"], required: ["name"])
    let folder = path(fields["folder"], of: "'cniNetwork.folder'")
    guard let name = text(fields["name"], of: "'cniNetwork.name'") else { return nil }
    return AgentDelivery.CNINetwork(name: name, folder: folder ?? AgentDelivery.CNINetwork.usualFolder)
  }

  /// A folder that its owner can use, and that others cannot write.
  private mutating func directoryMode(_ node: Node?) -> UInt32? {
    guard let node, let word = reader.text(node, of: "'directoryMode'", numbers: true) else { return nil }
    if (3...4).contains(word.count), let mode = UInt32(word, radix: 8), mode & ~0o755 == 0,
      mode & 0o700 == 0o700
    {
      return mode
    }
    reader.fault(
      node, "'directoryMode' cannot be \(quoted(word))",
      hint: "write 0700, 0750 or 0755: others may not write there")
    return nil
  }

  private mutating func identity(_ node: Node?) -> String? {
    guard let node, let name = text(node, of: "'identity'") else { return nil }
    guard let problem = UserName.problem(with: name) else { return name }
    reader.fault(node, problem.message, hint: problem.hint)
    return nil
  }

  mutating func account(_ node: Node?, of place: String) -> String? {
    guard let node else { return nil }
    return reader.text(node, of: place, numbers: true)
  }

  /// Permission bits in octal digits, as for `chmod`; YAML reads `0600` as a number.
  private mutating func mode(_ node: Node?, of place: String, isSecret: Bool) -> UInt32? {
    guard let node, let word = reader.text(node, of: place, numbers: true) else { return nil }
    guard (3...4).contains(word.count), let mode = UInt32(word, radix: 8), mode <= 0o777,
      mode & 0o400 != 0
    else {
      reader.fault(node, "\(place) cannot be \(quoted(word))", hint: "write it in octal, as in 0640")
      return nil
    }
    guard !isSecret || mode & 0o007 == 0 else {
      reader.fault(
        node, "\(place) \(word) would let everyone read a private key",
        hint: "use 0600, or 0640 with the group of the program that reads it")
      return nil
    }
    return mode
  }

  private mutating func afterChange(_ node: Node) -> AgentDelivery.AfterChange? {
    let place = "'afterChange'"
    let before = reader.faults.count
    let fields = reader.fields(node, of: place, known: ["command", "signal", "pidFile"])
    guard reader.faults.count == before, let kind = only(fields, of: ["command", "signal"], node, place)
    else { return nil }
    if kind == "command" {
      let words = reader.elements(fields["command"], of: "'afterChange.command'")
        .compactMap { reader.text($0, of: "a word of 'afterChange.command'", numbers: true) }
      if let pidFile = fields["pidFile"] {
        reader.fault(pidFile, "'pidFile' goes with 'signal'", hint: "remove it, or the command")
      }
      guard let program = words.first, program.hasPrefix("/") else {
        reader.fault(
          node, "'afterChange.command' does not begin with the path of a program",
          hint: "no shell is asked: write [/usr/bin/systemctl, reload, calico-node]")
        return nil
      }
      return .command(words)
    }
    let signal: AgentDelivery.Signal? = reader.choice(fields["signal"], of: "'afterChange.signal'")
    guard let file = fields["pidFile"] else {
      reader.fault(node, "'afterChange' lacks the key 'pidFile'", hint: "add a line 'pidFile: …'")
      return nil
    }
    guard let signal, let pidFile = path(file, of: "'afterChange.pidFile'") else { return nil }
    return .signal(signal, pidFile: pidFile)
  }
}
