import AgentFile
import CertificateSources
import Credentials
import Errors
import Files
import FoundationEssentials
import StrictYAML

/// Keeps the certificate of one identity current. The disk always has a complete pair, also after a crash.
struct CertificateRenewer: Sendable {
  let delivery: AgentConfiguration.Delivery
  private let source: any CertificateSource
  private let etcdCA: String?
  private let lifetime: Duration?
  private let owner: FileOwner
  private let directory: AtomicDirectory
  /// The directories of other entries with the same identity. They share its certificate: a join token is good for one.
  private let siblings: [AtomicDirectory]
  private var machine: RenewalMachine
  /// The time between two requests to the source while nothing is due; nil for no request before that.
  private let revisit: TimeInterval?
  /// The time of the last request.
  private var asked: Date?
  /// A certificate that was received but could not be written, so that it is not requested again.
  private var unwritten: SourcedCertificate?
  /// Why an operator wants another certificate; nil if none does.
  private var reason: RenewalReason?
  /// When it was said so, in whole seconds.
  private var requested = Date.distantPast
  /// The certificate whose authority was found to be replaced; nil if ``reason`` has another cause.
  private var replaced: String?
  private var authorityWatch: AuthorityWatch

  /// - Throws: `FileError` if the owner or group does not exist.
  init(
    _ delivery: AgentConfiguration.Delivery, of configuration: AgentConfiguration,
    source: any CertificateSource, spread: Double
  ) throws {
    self.delivery = delivery
    siblings = configuration.deliveries.filter {
      $0.identity.utf8.elementsEqual(delivery.identity.utf8) && $0.directory != delivery.directory
    }.map { AtomicDirectory($0.directory) }
    self.source = source
    etcdCA = configuration.etcdCA
    lifetime = configuration.lifetime.map { .seconds($0.seconds) }
    owner = try FileOwner(owner: delivery.owner, group: delivery.group)
    directory = AtomicDirectory(delivery.directory, mode: delivery.directoryMode)
    machine = RenewalMachine(policy: configuration.renewal, spread: spread)
    // With jitter, so that a fleet that starts at once does not send its requests at once.
    revisit = source.revisit.map { $0 / .seconds(1) * (1 - spread / 4) }
    authorityWatch = AuthorityWatch(spread: spread)
  }

  /// The result of one check.
  struct Look: Sendable {
    var held: HeldCertificate?
    /// Why the certificate is of no use to the CNI plugin of this host; nil if it is of use.
    var network: KeeperFault?
    /// What keeps programs from the certificate in the folder; nil for nothing.
    var damage: Damage?
    /// Whether the CNI plugin's copy has the certificate; true without a copy.
    var isCopied = true
    /// When the certificate is due.
    var due: Date?
    /// Why a certificate was replaced; nil if it was not.
    var renewed: String?
    /// Why a necessary replacement or another step failed.
    var fault: KeeperFault?
    /// When to check again.
    var next: Date
  }

  /// What is wrong with files whose contents are a valid certificate and its key.
  struct Damage: Sendable {
    let fault: KeeperFault
    /// Whether programs can use the files.
    let isUsable: Bool
  }

  /// Checks the certificate and renews it if necessary. The action after a change is in ``finish(_:)``.
  mutating func look(now: Date) async -> Look {
    var look = Look(next: now)
    do {
      let held = try HeldFiles(in: directory, identity: delivery.identity, now: now)
      look.held = held?.certificate
      look.network = networkFault
      // Before the first certificate; one that is in use is renewed, and the difference is reported.
      if held == nil, let fault = look.network { throw fault }
      try await renew(held, &look, now: now)
    } catch {
      let fault = KeeperFault(error)
      // A refusal of this reason must not be repeated until the certificate expires.
      if !fault.isTransient { forgetNewAuthority() }
      machine.failed(holding: look.held, isTransient: fault.isTransient, now: now)
      look.fault = fault
    }
    let files = try? HeldFiles(in: directory, identity: delivery.identity, now: now)
    look.damage = damage(of: files)
    look.isCopied = isCopied(files)
    if let held = look.held { look.due = machine.dueDate(held) }
    if case .wait(let date) = machine.next(holding: look.held, now: now) { look.next = date }
    return look
  }

  /// Runs the action after a change, if there was a change.
  func finish(_ look: inout Look) async {
    guard look.held != nil, look.fault == nil else { return }
    do {
      try await afterwards()
    } catch {
      look.fault = KeeperFault(error)
    }
  }

  /// Makes the next check ask the source at once, without waiting after a failure or until something is due.
  mutating func forgetPause() {
    machine.forgetPause()
    asked = nil
  }

  /// Makes the next check get another certificate, although the current one is not due.
  mutating func request(_ reason: RenewalReason, now: Date) {
    self.reason = reason
    requested = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
    replaced = nil
    machine.request()
  }

  /// Gives up a renewal because of another authority; one for another reason stays.
  private mutating func forgetNewAuthority() {
    guard reason == .newAuthority else { return }
    (reason, replaced) = (nil, nil)
    machine.forgetRequest()
  }

  /// The state of the certificate and of the CNI plugin's copy, without network access or changes.
  func standing(now: Date) throws -> (look: Look, isDue: Bool) {
    var look = Look(next: now)
    let files = try HeldFiles(in: directory, identity: delivery.identity, now: now)
    look.held = files?.certificate
    look.damage = damage(of: files)
    look.isCopied = isCopied(files)
    look.network = networkFault
    guard
      case .order = RenewalMachine(policy: machine.policy, spread: 0).next(holding: look.held, now: now)
    else { return (look, false) }
    return (look, true)
  }

  private var networkFault: KeeperFault? { delivery.cniNetwork.flatMap(HostNetworks.fault) }

  /// Whether the copy that the CNI plugin reads is the pair in the directory. What cannot be read is no copy.
  private func isCopied(_ held: HeldFiles?) -> Bool {
    guard let copy = delivery.cniCopy else { return true }
    guard let held else { return false }
    func text(_ name: String) -> String? { try? FileContents.readText("\(copy)/\(name)", limit: 1 << 20) }
    guard let certificate = text(HeldFiles.certificate), let key = text(HeldFiles.key),
      let credential = try? Credential(
        certificatePEM: certificate, key: PrivateKey(pem: key), source: copy)
    else { return false }
    return credential.facts.fingerprint == held.credential.facts.fingerprint
      && text(HeldFiles.authority) == held.etcdCA
  }

  /// What keeps programs from the files that were read through `..data`: programs read their names.
  private func damage(of held: HeldFiles?) -> Damage? {
    guard let held else { return nil }
    // Without an owner in the configuration the files have that of the agent, which may be another one than asks now.
    let expected: FileOwner? = delivery.owner == nil && delivery.group == nil ? nil : owner
    let files: [(name: String, mode: UInt32, owner: FileOwner?)] = [
      (HeldFiles.key, delivery.keyMode, expected),
      (HeldFiles.certificate, delivery.certificateMode, expected),
      (HeldFiles.authority, delivery.certificateMode, expected),
    ]
    func path(_ name: String) -> String { "\(delivery.directory)/\(name)" }
    let hint = "a running agent repairs it within a minute; if it does not, its log says why"
    do {
      switch try directory.damage(of: files) {
      case .misplaced(let name):
        return Damage(
          fault: KeeperFault("\(path(name)) is not the file that the agent wrote", hint: hint),
          isUsable: false)
      case .otherRights(let name):
        return Damage(
          fault: KeeperFault(
            "\(path(name)) has another mode or owner than the configuration says", hint: hint), isUsable: true
        )
      case nil: break
      }
    } catch {
      return Damage(fault: KeeperFault(error), isUsable: false)
    }
    guard let authorities = held.etcdCA, (try? CertificateFacts.all(pem: authorities)) != nil else {
      return Damage(
        fault: KeeperFault("\(path(HeldFiles.authority)) has no certificate", hint: hint), isUsable: false)
    }
    return nil
  }

  private mutating func renew(_ held: HeldFiles?, _ look: inout Look, now: Date) async throws {
    if let replaced, held?.credential.facts.fingerprint != replaced { forgetNewAuthority() }
    if let held, reason == nil,
      await authorityWatch.isRenewalDue(of: held.credential, from: source, now: now)
    {
      request(.newAuthority, now: now)
      replaced = held.credential.facts.fingerprint
    }
    let step = machine.next(holding: held?.certificate, now: now)
    guard let new = try await certificate(holding: held, step, now: now) else {
      if let held { try write(held.credential, etcdCA: held.etcdCA, now: now) }
      return
    }
    do {
      try write(new.credential, etcdCA: new.etcdCA, now: now)
    } catch let error as FileError {
      unwritten = new
      throw error
    }
    unwritten = nil
    if reason == .newAuthority { authorityWatch.received(new.credential.facts.fingerprint) }
    (reason, replaced) = (nil, nil)
    machine.succeeded()
    look.held = try HeldFiles(in: directory, identity: delivery.identity, now: now)?.certificate
    if case .order(let reason) = step { look.renewed = reason.rawValue } else { look.renewed = "changed" }
  }

  /// The certificate that must replace the current one; nil if that stays.
  private mutating func certificate(
    holding held: HeldFiles?, _ step: RenewalMachine.Step, now: Date
  ) async throws -> SourcedCertificate? {
    let isNeeded = if case .order = step { true } else { false }
    let shared = siblings.compactMap { try? HeldFiles(in: $0, identity: delivery.identity, now: now) }
      .filter { $0.certificate.isValid(at: now) }
    if let newer = shared.first(where: { isNewer($0, than: held, now: now) }) {
      return SourcedCertificate(credential: newer.credential, etcdCA: newer.etcdCA)
    }
    if let unwritten, isNeeded, unwritten.credential.fault(user: delivery.identity, now: now) == nil {
      return unwritten
    }
    guard isNeeded || isToBeRevisited(now) else { return nil }
    asked = now
    let isHeldGood = held?.certificate.isValid(at: now) ?? false
    let order = CertificateOrder(
      identity: delivery.identity, lifetime: lifetime,
      current: isHeldGood ? held?.credential : shared.first?.credential,
      reason: isHeldGood ? reason : nil)
    do {
      let new = try await source.order(order, now: now)
      guard new.credential.facts.fingerprint != held?.credential.facts.fingerprint else {
        guard isNeeded else { return nil }
        throw SourceError(
          "\(source.name) has no newer certificate for \"\(delivery.identity)\"",
          hint: "the program that fills it has to renew it", isTransient: true)
      }
      return new
    } catch  where !isNeeded {
      // The source may be in the middle of a change. The current certificate is valid, so the next check is
      // early enough.
      return nil
    }
  }

  /// Whether the valid certificate of another entry takes the place of the one here: it is not due, was issued later, and
  /// came after an operator asked for another one.
  private func isNewer(_ other: HeldFiles, than held: HeldFiles?, now: Date) -> Bool {
    guard machine.dueDate(other.certificate) > now, reason == nil || other.generation.written >= requested
    else { return false }
    guard let held, held.certificate.isValid(at: now) else { return true }
    return other.certificate.notBefore > held.certificate.notBefore
  }

  private func isToBeRevisited(_ now: Date) -> Bool {
    guard let revisit else { return false }
    // If the clock was set back, the source is asked at once.
    guard let asked, asked <= now else { return true }
    return now >= asked + revisit
  }

  private func write(_ credential: Credential, etcdCA fromSource: String?, now: Date) throws {
    let authorities = try etcdCA.map { try FileContents.readText($0, limit: 1 << 20) } ?? fromSource
    guard let authorities else {
      throw SourceError(
        "\(source.name) does not say which authorities etcd's own certificates have",
        hint: "name their file in the configuration: 'etcdCA: FILE'", isTransient: false)
    }
    if let file = etcdCA { _ = try CertificateFacts.all(pem: authorities, source: file) }
    func files(owner: FileOwner?) throws -> [NewFile] {
      [
        NewFile(
          name: HeldFiles.key, bytes: Array(try credential.key.secretPEM().utf8), mode: delivery.keyMode,
          owner: owner),
        NewFile(
          name: HeldFiles.certificate, bytes: Array(credential.certificatePEM.utf8),
          mode: delivery.certificateMode, owner: owner),
        NewFile(
          name: HeldFiles.authority, bytes: Array(authorities.utf8), mode: delivery.certificateMode,
          owner: owner),
      ]
    }
    try directory.write(files(owner: owner), now: now)
    if let copy = delivery.cniCopy {
      // install-cni empties and fills this folder at its start; the next check replaces its files.
      try AtomicFile.write(files(owner: nil), inTrusted: copy)
    }
  }

  /// Runs the action once after each change. A note beside the files records that it was done, so that the
  /// next run repeats it if this one is killed before.
  private func afterwards() async throws {
    guard let action = delivery.afterChange, let generation = try directory.generation(),
      !generation.has(note: Self.announced)
    else { return }
    try await action.run()
    try generation.add(note: Self.announced)
  }

  private static let announced = "announced"
}

/// Why a certificate could not be kept current, with a hint.
package struct KeeperFault: ExplainedError, Hashable, Sendable {
  package let message: String
  package let hint: String?
  /// Whether a retry may succeed soon.
  let isTransient: Bool

  package var description: String { message }

  init(_ message: String, hint: String?) {
    (self.message, self.hint, isTransient) = (message, hint, true)
  }

  init(_ error: any Error) {
    message = "\(error)"
    switch error {
    case let error as KeeperFault: (hint, isTransient) = (error.hint, error.isTransient)
    case let error as SourceError: (hint, isTransient) = (error.hint, error.isTransient)
    case let error as FileError: (hint, isTransient) = (error.hint, true)
    case let error as CertificatesError: (hint, isTransient) = (error.hint, true)
    default: (hint, isTransient) = (nil, true)
    }
  }
}
