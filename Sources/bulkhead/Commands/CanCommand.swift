import Arguments
import Keyspace
import Reporting
import Segmentation

struct CanCommand: AsyncParsableCommand {
  enum Operation: String, ExpressibleByArgument, CaseIterable {
    case get, watch, put, delete, txn

    /// The access that etcd requires. Each of Calico's writes is a Txn that also compares and reads.
    var access: Access {
      switch self {
      case .get, .watch: .read
      case .put, .delete: .write
      case .txn: .readwrite
      }
    }
  }

  static let configuration = CommandConfiguration(
    commandName: "can",
    abstract: "May this identity do this to this key? And why?",
    discussion: """
      Answered by etcd's own rules, from the file or with --live from the cluster's roles. Exit code 0 yes, 2 no, 1 \
      could not tell.

        bulkhead can calico-node put /calico/ipam/v2/config
        bulkhead can cni-plugin get /calico/resources/v3/projectcalico.org/ippools/ --prefix
        bulkhead can cni-plugin --all
        bulkhead can cni-plugin -q txn /calico/ipam/v2/config --live && echo yes
      """)

  @Argument(help: "The etcd user.") var identity: String
  @Argument(help: "get, watch, put, delete, or txn for what Calico's writes need.") var operation: Operation?
  @Argument(help: "The key; bytes that are no text as \\xNN.") var key: String?
  @OptionGroup var rangeOptions: RangeOptions
  @Flag(help: "Everything the identity can do, by what Calico calls it; with --live how many keys that is.")
  var all = false
  @Flag(name: [.short, .long], help: "Print nothing; the exit code is the answer.") var quiet = false
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var liveOption: LiveOption

  func validate() throws {
    guard all ? operation == nil : key != nil else {
      throw ValidationError(
        all ? "--all takes an identity alone" : "name an operation and a key, or give --all")
    }
  }

  func run() async throws {
    let segmentation = try await liveOption.segmentation()
    guard let operation, let key else { return try await showAll(segmentation) }
    let report = AccessReport(
      try segmentation.can(identity, operation.access, try rangeOptions.range(of: key)))
    if !quiet {
      switch outputOption.output {
      case .text: Console.out(report.text(Console.style))
      case .json: Console.out(try JSON.text(report))
      }
    }
    if !report.isAllowed { throw ExitCode(2) }
  }

  private func showAll(_ segmentation: Segmentation) async throws {
    let radius = try segmentation.blastRadius(of: identity)
    let keys = liveOption.live ? try await liveOption.keys() : nil
    let report = BlastRadiusReport(radius, tally: keys.map { radius.tally(of: $0) })
    switch outputOption.output {
    case .text: Console.out(report.text(Console.style))
    case .json: Console.out(try JSON.text(report))
    }
  }
}
