import ArgumentParser
import Catalogue
import Endpoints
import Files
import Segmentation

struct InitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write bulkhead.yaml to begin with.",
    discussion: """
      What is given is filled in and checked, the rest is explained in the file. A file that is there is not \
      overwritten.

        bulkhead init --cluster prod-eu --endpoint https://10.0.0.11:2379 --ca pki/etcd-ca.crt
      """)

  @OptionGroup var fileOption: FileOption
  @Option(help: "A name for people.") var cluster: String?
  @Option(name: .customLong("endpoint"), help: "A member's client URL; may be repeated.") var endpoints:
    [String] = []
  @Option(help: "The authority of the members' server certificates.") var ca: String?
  @Option(help: "A certificate whose user has the root role.") var certificate: String?
  @Option(help: "Its private key.") var key: String?
  @Option(help: "Calico's version.") var calico: String?
  @Option(help: "The folder of the authority for client certificates.") var authority: String?
  @Option(name: .customLong("component"), help: "A component; may be repeated.") var components: [String] = []
  @Option(name: .customLong("calicoctl"), help: "A calicoctl user, as USER=read-only; may be repeated.")
  var calicoctl: [String] = []
  @Option(help: "The Common Name of kube-apiserver's etcd client certificate.") var apiserver: String?

  func run() async throws {
    var template = FileTemplate()
    if let cluster { template.cluster = cluster }
    if !endpoints.isEmpty { template.endpoints = endpoints }
    if let ca { template.ca = ca }
    if let certificate { template.certificate = certificate }
    if let key { template.key = key }
    if let calico { template.calico = calico }
    if let authority { template.authority = authority }
    if !components.isEmpty { template.components = components }
    template.calicoctl = try calicoctl.map { entry in
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else { throw ValidationError("--calicoctl takes USER=ACCESS, found '\(entry)'") }
      return (user: String(parts[0]), access: String(parts[1]))
    }
    template.apiserver = apiserver
    // Whatever was given is checked as if it stood in the file.
    let file = try SegmentationFile(template.text, file: fileOption.file, catalogue: try Catalogue.embedded())
    try AtomicFile.create(fileOption.file, text: template.text)
    Console.out(
      "\(fileOption.file): \(file.components.count + file.calicoctl.count) identities on Calico \(file.calico.release)"
    )
    Console.note("hint: next, 'bulkhead certs issue' and 'bulkhead plan'")
  }
}

extension AtomicFile {
  /// Writes a new file that everybody may read; one that is there is never overwritten.
  fileprivate static func create(_ path: String, text: String) throws {
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[..<$0]) } ?? "."
    let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
    try create([NewFile(name: name, bytes: Array(text.utf8), mode: 0o644)], in: folder.isEmpty ? "/" : folder)
  }
}
