import Arguments
import Certificates
import Files
import FoundationEssentials
import Reporting
import Rollover
import Segmentation
import StrictYAML
import Terminal
import Text

struct CertsRollover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollover",
    abstract: "Replace the authority by a new one while all clients keep working.",
    discussion: """
      Without --next, says how far the roll-over is and what is to be done. With it, takes the next step, after \
      having seen on every member that the one before is complete:

        1. a new authority with the limits of the old one, and trust.crt with both; you add both to --trusted-ca-file of \
      each member and restart them one by one
        2. the new authority takes its place, and every certificate is issued again; you deliver them
        3. trust.crt with the new one only, after --delivered; you remove the old one from --trusted-ca-file and restart
        4. the old authority is put aside, once no member admits its certificates at its client and peer ports

      --trusted-ca-file often names other authorities too, such as etcd's own, which signed kube-apiserver's certificate. \
      Keep them in each step: cat etcd-ca.crt pki/trust.crt >clients-ca.crt

      Where 'bulkhead authority serve' runs, its nodes have to trust both as well before step 3: give them trust.crt as \
      'source.server.ca'. It issues from the new authority from step 2 on, and shows its own certificate of the old \
      one until step 3.

      etcd does not tell with which certificate a client is connected: that every component has its new one is yours \
      to know, and to say with --delivered.
      """)

  @Flag(help: "Take the next step.") var next = false
  @Flag(help: "Every component and every host has its new certificate.") var delivered = false
  @Option(help: "The new authority's Common Name.") var name: String?
  @Option(help: "How long the new authority is valid.") var lifetime = "10y"
  @Option(help: "The new authority's key: \(KeyAlgorithm.allCases.map(\.rawValue).joined(separator: ", ")).")
  var key = KeyAlgorithm.p256
  @Option(
    help: "The folder of the authority that signs the new one, if another authority signed the old one.")
  var signedBy: String?
  @Flag(help: "Make the new authority self-signed, though another authority signed the old one.")
  var selfSigned = false
  @Flag(help: "Make the new authority without the limits of the old one.") var withoutLimits = false
  @OptionGroup var peerOption: PeerAuthorityOption
  @OptionGroup var fileOption: FileOption
  @OptionGroup var passphraseOption: PassphraseOption
  @OptionGroup var timeoutOption: TimeoutOption

  func validate() throws {
    guard signedBy == nil || !selfSigned else {
      throw ValidationError("--signed-by and --self-signed exclude each other")
    }
  }

  func run() async throws {
    let workspace = try Workspace(fileOption)
    let rollover = AuthorityRollover(
      directory: workspace.authority, clients: workspace.certificates,
      endpoints: workspace.file.etcd.endpoints, administrator: try workspace.administrator,
      timeout: timeoutOption.duration)
    if next { try await step(workspace, rollover) }
    let stage = try rollover.directory.stage()
    Console.out(Self.advice(stage, trust: rollover.directory.trust))
    if stage != .idle, !next { throw ExitCode(2) }
  }

  private func step(_ workspace: Workspace, _ rollover: AuthorityRollover) async throws {
    let now = Date()
    let ledger = try Ledger(in: workspace.authority)
    switch try rollover.directory.stage() {
    case .idle:
      let isProtected = try FileContents.readText("\(workspace.authority)/ca.key").contains("ENCRYPTED")
      try await rollover.begin(
        with: try newAuthority(workspace, now: now),
        passphrase: isProtected ? try passphraseOption.new() : nil)
    case .trustBoth:
      try await rollover.promote(ledger: ledger, now: now, passphrase: passphraseOption.source)
      try reissue(workspace, rollover)
    case .reissue:
      try reissue(workspace, rollover)
      guard delivered else {
        throw CommandError(
          "it is not known whether the new certificates are delivered",
          hint: "once every component and host has its own, add --delivered")
      }
      try await rollover.distrust(
        holders: try workspace.holdersWithCertificate(named: []), ledger: ledger, now: now)
    case .trustNew:
      let (retired, notAsked) = try await rollover.finish(
        ledger: ledger, now: now, passphrase: passphraseOption.source)
      for port in notAsked {
        Console.note("warning: whether this peer port accepts the old authority is unknown: \(visible(port))")
      }
      Console.out("done: the old authority is in \(retired), for as long as you want to keep it")
    }
  }

  private func reissue(_ workspace: Workspace, _ rollover: AuthorityRollover) throws {
    let holders = try workspace.holdersWithCertificate(named: [])
    let issuer = try workspace.issuer(
      passphraseOption, allowRoot: holders.contains { $0.name == Role.root })
    let issued = try rollover.reissue(for: holders, by: issuer)
    Console.out("\(issued.count(where: \.isNew)) certificates issued, \(issued.count) in all")
    _ = Console.note(blockedIn: issued)
  }

  private func newAuthority(_ workspace: Workspace, now: Date) throws -> Authority {
    guard let lifetime = Lifetime(lifetime) else {
      throw ValidationError("--lifetime takes a number and a unit: 10y, 365d, 12h")
    }
    let old = try CertificateFacts(file: "\(workspace.authority)/ca.crt")
    return try Authority.create(
      name: name ?? "bulkhead clients \(now.day)-\(old.fingerprint.prefix(4))",
      lifetime: .seconds(lifetime.seconds), now: now, key: key,
      limits: withoutLimits
        ? AuthorityLimits() : try AuthorityLimits(ofCertificateFile: "\(workspace.authority)/ca.crt"),
      signedBy: try parent(of: old, now: now))
  }

  /// The authority that signs the new one; nil for a self-signed one.
  private func parent(of old: CertificateFacts, now: Date) throws -> Authority? {
    if let signedBy {
      try peerOption.check("\(signedBy)/ca.crt", file: fileOption)
      return try Authority.load(signedBy, now: now, passphrase: PassphraseOption.prompting)
    }
    guard selfSigned || old.issuer == old.subject else {
      throw CommandError(
        "the authority was signed by \(old.issuer), and it is not said which authority signs the new one",
        hint: "add --signed-by FOLDER with its ca.crt and ca.key, or --self-signed")
    }
    return nil
  }

  private static func advice(_ stage: RolloverDirectory.Stage, trust: String) -> String {
    switch stage {
    case .idle: "no roll-over is under way; --next begins one"
    case .trustBoth:
      """
      the members are to trust both authorities: in the file of --trusted-ca-file of each member, put \(trust) in the place \
      of the old ca.crt, keep the other authorities in it (etcd's own, of kube-apiserver and administrators), restart the \
      members one by one, then --next
      """
    case .reissue:
      """
      the clients are to use the new certificates: deliver them to every component and host, then --next --delivered
      agents of 'bulkhead authority serve' get theirs by themselves; give them \(trust) as source.server.ca before that
      """
    case .trustNew:
      """
      the members are to trust the new authority and no longer the old one: in the file of --trusted-ca-file of each member, \
      replace the two by \(trust), keep the other authorities in it, restart the members one by one, then --next
      """
    }
  }
}
