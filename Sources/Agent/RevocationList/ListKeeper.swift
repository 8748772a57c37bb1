import CertificateSources
import Credentials
import Files
import FoundationEssentials
import StrictYAML

/// Keeps the revocation list of an etcd member current. etcd reads the file at each TLS handshake and refuses all
/// clients if it is missing or damaged (etcd, `client/pkg/transport/listener_tls.go`), so the file is replaced by a
/// rename, and a list that is not verified never gets there.
struct ListKeeper: Sendable {
  let settings: AgentConfiguration.RevocationList
  private let owner: FileOwner
  /// Shorter than the interval by up to a quarter, so that members that start at once do not ask at once.
  private let pause: TimeInterval
  private var asked: Date?
  /// The newest list since this process started.
  private var newest: RevocationListMark?

  private static let limit = 64 << 20

  /// - Throws: `FileError` if the owner or group does not exist.
  init(_ settings: AgentConfiguration.RevocationList, spread: Double) throws {
    self.settings = settings
    owner = try FileOwner(owner: settings.owner, group: settings.group)
    pause = Double(settings.interval.seconds) * (1 - spread / 4)
  }

  /// The result of one check.
  struct Look: Sendable {
    /// The list in place; nil without one, and if it cannot be used.
    var list: VerifiedRevocationList?
    /// Whether this check replaced it.
    var isChanged = false
    /// What failed.
    var fault: KeeperFault?
    /// When to check again.
    var next: Date
  }

  /// The list in place, without network access or changes.
  func standing(now: Date) -> Look {
    var look = Look(next: now)
    do {
      look.list = try inPlace()
    } catch {
      look.fault = KeeperFault(error)
    }
    return look
  }

  mutating func forgetPause() { asked = nil }

  /// Checks the list in place, and asks the server for a newer one if it is time.
  mutating func look(now: Date) async -> Look {
    var look = standing(now: now)
    if newest == nil { newest = look.list?.mark }
    // If the clock was set back, the server is asked at once.
    if look.list == nil || asked.map({ $0 > now || now >= $0 + pause }) ?? true {
      asked = now
      do {
        try await refresh(&look, now: now)
        look.fault = nil
      } catch {
        look.fault = KeeperFault(error)
      }
    }
    look.next = (asked ?? now) + pause
    return look
  }

  private mutating func refresh(_ look: inout Look, now: Date) async throws {
    let bytes = try await settings.source.list()
    guard bytes != look.list?.der else { return }
    let new = try VerifiedRevocationList(
      der: bytes, signedByOneOf: try authorities(), source: "the list of \(settings.source.name)")
    let before = [newest, try record.read(isRequired: look.list == nil)].compactMap { $0 }
    if let problem = new.problem(replacing: look.list, newest: before, now: now) {
      throw KeeperFault(
        "the list of \(settings.source.name) is not used: \(problem)",
        hint:
          "an old copy of the ledger may have been put back: see 'bulkhead certs crl' on the authority's machine"
      )
    }
    let target = settings.file.lastIndex(of: "/").map {
      (String(settings.file[..<$0]), String(settings.file[settings.file.index(after: $0)...]))
    }
    let (folder, name) = target ?? (".", settings.file)
    try AtomicFile.write(
      [
        NewFile(name: name, bytes: bytes, mode: 0o644, owner: owner),
        NewFile(name: name + NewestList.suffix, bytes: try NewestList.bytes(new.mark), mode: 0o644),
      ], inTrusted: folder.isEmpty ? "/" : folder)
    newest = new.mark
    look.list = new
    look.isChanged = true
  }

  private func inPlace() throws -> VerifiedRevocationList? {
    guard let bytes = try FileContents.readRegularIfPresent(settings.file, limit: Self.limit) else {
      return nil
    }
    return try VerifiedRevocationList(
      der: bytes, signedByOneOf: try authorities(), source: settings.file)
  }

  private var record: NewestList { NewestList(path: settings.file + NewestList.suffix) }

  private func authorities() throws -> String {
    try FileContents.readRegularText(settings.authority, limit: 1 << 20)
  }
}
