import Catalogue
import Certificates
import Cryptography
import Etcd
import Files
import FoundationEssentials
import Reconciliation
import Reporting
import Segmentation
import Terminal
import Text
import Verification

/// A segmentation file with everything that belongs to it on this machine.
struct Workspace {
  let file: SegmentationFile
  let segmentation: Segmentation
  let catalogue: Catalogue
  private let text: String
  /// The folder to which paths in the file are relative.
  private let folder: String
  /// Where the file is, for the history.
  let source: HistoryEntry.Source

  /// - Parameters:
  ///   - roles: Replaces the form of the catalogue's tables in the file.
  ///   - nodes: Replaces the nodes in the file.
  init(_ option: FileOption, roles: CatalogueForm? = nil, nodes: NodesOption? = nil) throws {
    catalogue = try Catalogue.embedded()
    let isInput = option.file == "-"
    if isInput { try StandardInput.claim(for: "--file") }
    guard try isInput || FileContents.readIfPresent(option.file) != nil else {
      throw CommandError(
        "cannot find the file '\(option.file)'", hint: "'bulkhead init' writes one; --file names another")
    }
    let current = FileManager.default.currentDirectoryPath
    folder = isInput ? current : URL(fileURLWithPath: option.file).deletingLastPathComponent().path
    text = try FileContents.readText(isInput ? "/dev/stdin" : option.file)
    let name = isInput ? "standard input" : option.file
    let absolute = option.file.relative(to: current)
    source =
      isInput
      ? HistoryEntry.Source(file: name, commit: nil)
      : HistoryEntry.Source(file: absolute, commit: GitCommit.checkedOut(at: absolute))
    var list = try nodes?.nodes.map(NodesOption.read)
    var file = try SegmentationFile(text, file: name, catalogue: catalogue, nodes: list)
    if let path = file.nodesFile {
      list = try NodesOption.read(path.relative(to: folder))
      file = try SegmentationFile(text, file: name, catalogue: catalogue, nodes: list)
    }
    if let roles { file.calico.roles = roles }
    self.file = file
    segmentation = try Segmentation(file, catalogue: catalogue)
  }

  /// A path in the file, relative to the working directory.
  func path(_ path: String) -> String { path.relative(to: folder) }

  /// When a result comes about, and for which file.
  func origin(at date: Date = Date()) -> ResultOrigin {
    ResultOrigin(at: date, fileSHA256: SHA256.hash(Array(text.utf8)).hexadecimal)
  }

  /// What is accepted in this run: by the file, and by `--accept`.
  /// - Parameter options: The ids of `--accept`, which were checked.
  func acceptances(_ options: [String] = []) -> Acceptances {
    Acceptances(file.accepted, options: options, today: CalendarDay(of: Date()))
  }

  /// The same, with a warning of an id in the file that means nothing.
  /// - Parameter known: The advisories that the file may name.
  func acceptances(known: AdvisoryList, options: [String] = []) -> Acceptances {
    for entry in file.accepted
    where known[entry.id] == nil && !FindingIDs.all.contains(entry.id.uppercased()) {
      Console.note(
        "warning: 'accept' of the file names \(quoted(entry.id)), which is no rule and no advisory that is known here"
      )
    }
    return acceptances(options)
  }

  var authority: String { path(file.certificates.directory) }
  var certificates: CredentialDirectory { CredentialDirectory("\(authority)/clients") }
  var passwords: PasswordDirectory { PasswordDirectory("\(authority)/clients") }

  /// The administrator's credentials.
  var administrator: ClientCredentials {
    get throws {
      let credentials = ClientCredentials(
        authority: path(file.etcd.ca), certificate: path(file.etcd.certificate), key: path(file.etcd.key),
        serverName: file.etcd.serverName)
      for file in [credentials.authority, credentials.certificate] { _ = try FileContents.readRegular(file) }
      _ = try FileContents.readSecret(credentials.key)
      return credentials
    }
  }

  /// The user of the administrator's certificate.
  func applicant() throws -> String {
    try CertificateFacts.user(ofCertificateFile: path(file.etcd.certificate))
  }

  /// The goal of the file, applied as the user of the administrator's certificate.
  /// - Parameter takesOver: Whether records of other files that list what the file names become its own.
  func goal(takesOver: Bool = false) throws -> ApplyGoal {
    ApplyGoal(
      segmentation, management: file.management, applicant: try applicant(), text: text,
      passwords: try passwordCandidates(), owner: file.owner, protecting: Set(file.protected),
      takesOver: takesOver, calicoctl: calicoctlRoles)
  }

  /// The catalogue's roles of calicoctl for the file's Calico, whether the file has users of them or not.
  private var calicoctlRoles: [Role] {
    var file = file
    file.components = []
    file.custom = []
    file.customRoles = []
    file.apiservers = []
    file.administrators = []
    return SegmentationFile.CalicoctlUser.Access.allCases.flatMap { access -> [Role] in
      file.calicoctl = [SegmentationFile.CalicoctlUser(user: "person", access: access)]
      // Calico publishes no table for some.
      return (try? Segmentation(file, catalogue: catalogue))?.roles ?? []
    }
  }
}

/// The ids of the rules of lint, preflight and verify.
enum FindingIDs {
  static let all = Set(
    Lint.rules.map(\.id) + PreflightRule.all.map(\.id) + VerifyRules.all.map(\.id))
}
