import Catalogue
import Certificates
import Files
import FoundationEssentials
import Log
import Segmentation
import Services
import StrictYAML
import Synchronization

/// The rules from the files on disk, read again when one of them changes. While a changed file is invalid the
/// old rules stay, and the log says why; but a replaced authority issues nothing.
final class RulesFile: Service {
  private struct State {
    var rules: IssuingRules
    var sources: [[UInt8]]
    /// Invalid contents, so that they are reported once.
    var refused: [[UInt8]]?
  }

  /// How often the files are checked.
  private static let interval = Duration.seconds(2)

  private let settings: AuthoritySettings
  private let catalogue: Catalogue
  private let logger: Logger
  private let state: Mutex<State>

  var rules: IssuingRules { state.withLock { $0.rules } }
  /// The rules for issuing now. A roll-over may have replaced the authority since they were read: from then
  /// on the old one signs nothing, even if the new one cannot be used.
  /// - Throws: ``AuthorityReplaced``.
  var inForce: IssuingRules {
    get throws(AuthorityReplaced) {
      if !isAuthorityInPlace { refresh() }
      guard isAuthorityInPlace else { throw AuthorityReplaced(directory: settings.directory) }
      return rules
    }
  }
  /// Whether the authority in use is the one on disk.
  var isAuthorityInPlace: Bool {
    (try? Self.certificate(settings)) == state.withLock { $0.sources[Self.authoritySource] }
  }
  /// Whether the rules are those of the files on disk.
  var isCurrent: Bool { state.withLock { $0.refused == nil } }

  /// - Throws: the error of reading the files.
  init(_ settings: AuthoritySettings, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    catalogue = try Catalogue.embedded()
    let sources = try Self.read(settings, catalogue)
    let rules = try Self.rules(settings, catalogue)
    if let warning = rules.authority.protectionWarning { logger.warning("\(warning)") }
    state = Mutex(State(rules: rules, sources: sources))
  }

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: Self.interval)
        self.refresh()
      }
    }
  }

  func refresh() {
    let (known, refused) = state.withLock { ($0.sources, $0.refused) }
    do {
      let sources = try Self.read(settings, catalogue)
      guard sources != known || refused != nil else { return }
      do {
        let rules = try Self.rules(settings, catalogue)
        state.withLock { $0 = State(rules: rules, sources: sources) }
        logger.notice("the segmentation or the authority has changed, and is in force")
      } catch {
        state.withLock { $0.refused = sources }
        guard sources != refused else { return }
        logger.error("the changed files cannot be used, what was before stays in force: \(error)")
      }
    } catch {
      guard refused != [] else { return }
      state.withLock { $0.refused = [] }
      logger.error("the files cannot be read, what was before stays in force: \(error)")
    }
  }

  private static let authoritySource = 1

  private static func certificate(_ settings: AuthoritySettings) throws -> [UInt8] {
    try FileContents.readRegular("\(settings.directory)/ca.crt")
  }

  /// The contents from which the rules are made, except the authority's key, which changes together with its
  /// certificate.
  private static func read(_ settings: AuthoritySettings, _ catalogue: Catalogue) throws -> [[UInt8]] {
    let text = try FileContents.readText(settings.file)
    let file = try? SegmentationFile(text, file: settings.file, catalogue: catalogue)
    return [
      Array(text.utf8), try certificate(settings),
      try file.flatMap { try FileContents.readIfPresent(settings.path($0.etcd.ca)) } ?? [],
    ]
  }

  private static func rules(_ settings: AuthoritySettings, _ catalogue: Catalogue) throws -> IssuingRules {
    let file = try SegmentationFile(
      FileContents.readText(settings.file), file: settings.file, catalogue: catalogue)
    return IssuingRules(
      segmentation: try Segmentation(file, catalogue: catalogue),
      authority: try Authority.load(settings.directory, now: Date(), passphrase: settings.passphrase),
      lifetime: .seconds(file.certificates.lifetime.seconds),
      enrolledLifetime: .seconds(file.certificates.enrolledLifetime.seconds),
      etcdCA: try FileContents.readText(settings.path(file.etcd.ca)),
      nodesByKubernetesName: file.nodesByKubernetesName)
  }
}

/// The authority was replaced by one that cannot be used yet, so nothing is issued.
struct AuthorityReplaced: Error, CustomStringConvertible {
  let directory: String

  var description: String {
    "the authority in \(directory) is another one now and cannot be used; the one before issues nothing more"
  }
}

extension AuthoritySettings {
  /// A path of the file, relative to the working directory or absolute.
  fileprivate func path(_ path: String) -> String {
    path.relative(to: file.containingFolder)
  }
}
