import Catalogue
import Certificates
import Etcd
import FoundationEssentials
import Glibc
import Keyspace
import Segmentation
import Verification

/// For `tools/bench-verify`: how fast `verify` sends the questions of one identity, beside the same calls without
/// `verify` and beside Range calls that return nothing, over one TLS connection to one member at a time. The
/// cluster is the one of the file; the identity's certificate is in `pki/clients` beside it.
///
///     probe-calls FILE USER [ROUNDS]
///
/// Prints a line for each kind of question: how many are asked in a round, and the medians of the rounds. Each
/// round asks every member. Ends with 1 if an answer was not the expected one.
@main
struct ProbeCalls {
  /// How many calls are in flight, as in `verify`.
  static let width = 32

  static func main() async throws {
    let arguments = CommandLine.arguments
    guard (3...4).contains(arguments.count), let rounds = Int(arguments.dropFirst(3).first ?? "5"), rounds > 0
    else {
      end("usage: probe-calls FILE USER [ROUNDS]", code: 64)
    }
    let bench = try Bench(file: arguments[1], user: arguments[2])
    let (members, probes) = try await bench.questions()
    guard let own = bench.own else {
      end("\(arguments[2]) may read no range", code: 1)
    }
    print("question  calls a round  Range calls/s  same calls/s  verify/s  verify of same calls  wrong")
    var failures = 0
    for kind in Kind.allCases {
      let asked = probes.filter { kind.contains($0.question) }
      guard !asked.isEmpty else { continue }
      // Enough for a second or so, whatever the plan has of the kind.
      let many = Array((0..<max(1, 3000 / asked.count)).map { _ in asked }.joined())
      var rates: [[Double]] = [[], [], []]
      var wrong = 0
      for _ in 0..<rounds {
        rates[0].append(
          try await bench.rate(of: many, at: members) { etcd, _ in _ = try? await etcd.count(in: own)
          })
        rates[1].append(try await bench.rate(of: many, at: members) { await kind.ask($1.question, $0) })
        let start = ContinuousClock.now
        let results = try await Verify(members: members, timeout: .seconds(60)).run(many, as: bench.client)
        rates[2].append(Double(results.count) / ((ContinuousClock.now - start) / .seconds(1)))
        wrong += results.filter { $0.verdict != .asExpected }.count
      }
      failures += wrong
      let medians = rates.map { $0.sorted()[$0.count / 2] }
      print(
        "\(kind.rawValue)  \(many.count * members.count)  \(Int(medians[0]))  \(Int(medians[1]))  "
          + "\(Int(medians[2]))  \((medians[2] / medians[1] * 100).rounded() / 100)  \(wrong)")
    }
    if failures > 0 { exit(1) }
  }
}

private func end(_ message: String, code: Int32) -> Never {
  let line = Array("\(message)\n".utf8)
  write(STDERR_FILENO, line, line.count)
  exit(code)
}

/// Questions of one kind.
private enum Kind: String, CaseIterable {
  case read, write, watch

  func contains(_ question: Probe.Question) -> Bool {
    switch question {
    case .read: self == .read
    case .write: self == .write
    case .watch: self == .watch
    case .stream, .administer, .maintain, .changeMembers: false
    }
  }

  func ask(_ question: Probe.Question, _ etcd: EtcdClient) async {
    guard let range = question.range else { return }
    switch self {
    case .read: _ = await etcd.mayRead(range)
    case .write: _ = await etcd.mayWrite(range)
    case .watch: _ = await etcd.mayWatch(range)
    }
  }
}

/// The cluster of a file, and one of its identities.
private struct Bench: Sendable {
  let segmentation: Segmentation
  let user: String
  let root: ClientCredentials
  let client: ClientCredentials
  let file: SegmentationFile

  init(file path: String, user: String) throws {
    let catalogue = try Catalogue.embedded()
    file = try SegmentationFile(
      try String(contentsOfFile: path, encoding: .utf8), file: path, catalogue: catalogue)
    segmentation = try Segmentation(file, catalogue: catalogue)
    self.user = user
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let authority = folder.appending(path: file.etcd.ca).path
    root = ClientCredentials(
      authority: authority, certificate: folder.appending(path: file.etcd.certificate).path,
      key: folder.appending(path: file.etcd.key).path)
    let clients = CredentialDirectory(folder.appending(path: "pki/clients").path)
    client = ClientCredentials(
      authority: authority, certificate: try clients.certificatePath(of: user),
      key: try clients.keyPath(of: user))
  }

  /// A range that the user may read.
  var own: KeyRange? {
    segmentation[identity: user].flatMap { segmentation.permissions(of: $0).readable.ranges.first }
  }

  /// The members, and what `verify` asks for the user.
  func questions() async throws -> ([ServerAssessment.Member], [Probe]) {
    let members = try await EtcdClient.connectToMembers(
      behind: file.etcd.endpoints, as: root, timeout: .seconds(60)
    ) { etcd, members in
      try await ServerAssessment.of(
        members, etcd, as: root, advisories: try .embedded(), largestHashed: 0
      ).members
    }
    return (members, ProbePlan(for: segmentation, selection: .init(users: [user])).probes)
  }

  /// Calls a second, of one connection after the other.
  func rate(
    of probes: [Probe], at members: [ServerAssessment.Member],
    _ ask: @escaping @Sendable (EtcdClient, Probe) async -> Void
  ) async throws -> Double {
    let start = ContinuousClock.now
    try await EtcdClient.connect(to: members.map(\.endpoint), as: client, timeout: .seconds(60)) { etcd in
      for member in members {
        let one = etcd.only(member.endpoint)
        _ = await concurrently(probes, limit: ProbeCalls.width) { await ask(one, $0) }
      }
    }
    return Double(probes.count * members.count) / ((ContinuousClock.now - start) / .seconds(1))
  }
}
