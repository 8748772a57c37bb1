import Arguments
import Keyspace
import Reporting
import Segmentation
import Terminal

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
    abstract: "Show whether an identity may do something to a key, and why.",
    discussion: """
      Uses etcd's own rules on the file, or with --live on the cluster's roles.

        bulkhead can calico-node put /calico/ipam/v2/config
        bulkhead can cni-plugin get /calico/resources/v3/projectcalico.org/ippools/ --prefix
        bulkhead can cni-plugin --all
        bulkhead can cni-plugin -q txn /calico/ipam/v2/config --live && echo yes
      """)

  @Argument(help: "The etcd user.") var identity: String
  @Argument(help: "get, watch, put, delete, or txn, which is what Calico's writes need.") var operation:
    Operation?
  @Argument(help: "The key; write bytes that are not text as \\xNN.") var key: String?
  @OptionGroup var rangeOptions: RangeOptions
  @Flag(help: "Show everything that the identity can do, in Calico's terms; with --live also how many keys.")
  var all = false
  @Flag(name: [.short, .long], help: "Print nothing; the exit code is the answer.") var quiet = false
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var liveOption: LiveOption

  func validate() throws {
    guard all ? operation == nil : key != nil else {
      throw ValidationError(
        all ? "--all takes only an identity" : "name an operation and a key, or give --all")
    }
  }

  func run() async throws {
    let segmentation = try await liveOption.segmentation()
    guard let operation, let key else { return try await showAll(segmentation) }
    let report = AccessReport(
      try segmentation.can(identity, operation.access, try rangeOptions.range(of: key)))
    if !quiet { try Console.out(report, outputOption) }
    if !report.isAllowed { throw ExitCode(2) }
  }

  private func showAll(_ segmentation: Segmentation) async throws {
    let radius = try segmentation.blastRadius(of: identity)
    let keys = liveOption.live ? try await liveOption.keys() : nil
    let report = BlastRadiusReport(radius, tally: keys.map { radius.tally(of: $0) })
    try Console.out(report, outputOption)
  }
}
