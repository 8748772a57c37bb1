import Catalogue
import Certificates
import Files
import Foundation
import Logging
import Segmentation
import ServiceLifecycle
import Synchronization

/// The rules of the files on the disk, read again when one of them changes. While a changed file cannot be used the
/// rules stay as they were, and the log says why; but nothing is issued by an authority that another has replaced.
final class RulesFile: Service {
  private struct State {
    var rules: IssuingRules
    var sources: [[UInt8]]
    /// Contents that cannot be used, so that they are complained of once.
    var refused: [[UInt8]]?
  }

  /// How soon a change is seen.
  private static let interval = Duration.seconds(2)

  private let settings: AuthoritySettings
  private let catalogue: Catalogue
  private let logger: Logger
  private let state: Mutex<State>

  var rules: IssuingRules { state.withLock { $0.rules } }
  /// The rules to issue by now. A roll-over may have put another authority in place since they were last read: from
  /// that moment the one before signs nothing more, whether the new one can be used or not.
  /// - Throws: ``AuthorityReplaced``.
  var inForce: IssuingRules {
    get throws(AuthorityReplaced) {
      if !isAuthorityInPlace { refresh() }
      guard isAuthorityInPlace else { throw AuthorityReplaced(directory: settings.directory) }
      return rules
    }
  }
  /// Whether the authority in force is the one on the disk.
  var isAuthorityInPlace: Bool {
    (try? Self.certificate(settings)) == state.withLock { $0.sources[Self.authoritySource] }
  }
  /// Whether the files are what the rules were made of.
  var isCurrent: Bool { state.withLock { $0.refused == nil } }

  /// - Throws: what reading the files throws.
  init(_ settings: AuthoritySettings, logger: Logger) throws {
    self.settings = settings
    self.logger = logger
    catalogue = try Catalogue.embedded()
    let sources = try Self.read(settings, catalogue)
    state = Mutex(State(rules: try Self.rules(settings, catalogue), sources: sources))
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
    try FileContents.read("\(settings.directory)/ca.crt")
  }

  /// What the rules are made of, but for the authority's key, which changes with its certificate.
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
      etcdCA: try FileContents.readText(settings.path(file.etcd.ca)))
  }
}

/// Another authority is in place, and it cannot be used yet: nothing is issued meanwhile.
struct AuthorityReplaced: Error, CustomStringConvertible {
  let directory: String

  var description: String {
    "the authority in \(directory) is another one now and cannot be used; the one before issues nothing more"
  }
}

extension AuthoritySettings {
  /// A path of the file's, from where the program runs.
  fileprivate func path(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(URL(fileURLWithPath: file).deletingLastPathComponent().path)/\(path)"
  }
}
