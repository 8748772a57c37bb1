import Arguments
import Etcd
import Reporting
import Segmentation
import Synchronization
import Verification

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Prove on the live cluster what each identity can and cannot do.",
    discussion: """
      Asks every member, with each identity's certificate, for everything that is granted and for a spread of what is \
      not: the keys next to every range, the other components' ranges, Kubernetes' keys, the auth API. Nothing is \
      written, no data is read, no event is awaited: the store's revision is the same before and after.

      First it says whether the members' releases and alarms let the answers be trusted.

      Exit code 2 if an answer is not the expected one, or if authentication is off; with --strict also if the \
      servers cannot be trusted.
      """)

  @Flag(help: "Exit with 2 also if the servers' release has known holes or an alarm is active.")
  var strict = false

  @OptionGroup var fileOption: FileOption
  @OptionGroup var outputOption: OutputOption
  @OptionGroup var timeoutOption: TimeoutOption

  func run() async throws {
    let workspace = try Workspace(fileOption)
    try workspace.warnOfCertificatesBesidePasswords()
    let endpoints = workspace.file.etcd.endpoints
    let administrator = try workspace.administrator
    let probes = Dictionary(grouping: ProbePlan.probes(for: workspace.segmentation), by: \.user)
    let users = workspace.segmentation.identities.map(\.user).filter { probes[$0] != nil }
    let identities = try users.map { user in
      (user: user, credentials: try workspace.credentials(of: user), login: try workspace.login(of: user))
    }
    let timeout = timeoutOption.duration

    let report = try await EtcdClient.connect(to: endpoints, as: administrator, timeout: timeout) { etcd in
      guard try await etcd.isAuthEnabled() else {
        Console.note(
          "authentication is off: every client may do everything\nhint: 'bulkhead apply --enable-auth' turns it on"
        )
        throw ExitCode(2)
      }
      var assessment = try await ServerAssessment.of(etcd, as: administrator)
      if let (user, credentials, _) = identities.first(where: { $0.login == nil }),
        let identity = workspace.segmentation[identity: user]
      {
        Console.progress("looking for holes as \(user)")
        assessment = try await assessment.lookingForHoles(
          as: identity, in: workspace.segmentation, with: credentials, timeout: timeout)
      }
      let before = try await etcd.revision()
      let total = probes.values.map(\.count).reduce(0, +) * endpoints.count
      let done = Atomic(0)
      var results: [ProbeResult] = []
      for (user, credentials, login) in identities {
        results += try await Verify(endpoints: endpoints, timeout: timeout).run(
          probes[user] ?? [], as: credentials, login: login, assessment: assessment
        ) {
          let count = done.add(1, ordering: .relaxed).newValue
          if count % 20 == 0 { Console.progress("\(count) of \(total) questions, now as \(user)") }
        }
      }
      return VerifyReport(
        results, segmentation: workspace.segmentation, assessment: assessment,
        revision: (before, try await etcd.revision()))
    }
    Console.clearProgress()
    try Console.out(report, outputOption)
    if !report.isAsExpected || (strict && !report.isTrustworthy) { throw ExitCode(2) }
  }
}
