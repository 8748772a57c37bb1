import CertificateSources
import Certificates
import Files
import Foundation
import StrictYAML

/// Keeps one identity's certificate in place. Whatever happens, what is on the disk is a whole pair.
struct Keeper: Sendable {
  let delivery: AgentConfiguration.Delivery
  private let source: any CertificateSource
  private let etcdCA: String?
  private let lifetime: Duration?
  private let owner: FileOwner
  private let directory: AtomicDirectory
  private var machine: RenewalMachine
  /// How long the source is left alone while nothing is due; nil for until something is.
  private let revisit: TimeInterval?
  /// When it was last asked.
  private var asked: Date?
  /// A certificate that was had and could not be written: it is not asked for a second time.
  private var unwritten: SourcedCertificate?

  /// - Throws: `FileError` where the machine does not know the owner.
  init(
    _ delivery: AgentConfiguration.Delivery, of configuration: AgentConfiguration,
    source: any CertificateSource, luck: Double
  ) throws {
    self.delivery = delivery
    self.source = source
    etcdCA = configuration.etcdCA
    lifetime = configuration.lifetime.map { .seconds($0.seconds) }
    owner = try FileOwner(owner: delivery.owner, group: delivery.group)
    directory = AtomicDirectory(delivery.directory)
    machine = RenewalMachine(policy: configuration.renewal, luck: luck)
    // Spread, so that a fleet that was started at once does not ask at once.
    revisit = source.revisit.map { $0 / .seconds(1) * (1 - luck / 4) }
  }

  /// What a look found and did.
  struct Look: Sendable {
    var held: HeldCertificate?
    /// When the certificate is renewed.
    var due: Date?
    /// Why a certificate was put in place; nil where the one there stays.
    var renewed: String?
    /// Why none was put in place that should be, or something beside it was not done.
    var fault: KeeperFault?
    /// When there is something to do next.
    var next: Date
  }

  /// Looks whether all is as it should be, and does what is to be done, but for what follows a change: see
  /// ``finish(_:)``.
  mutating func look(now: Date) async -> Look {
    var look = Look(next: now)
    do {
      let held = try HeldFiles(in: directory, identity: delivery.identity, now: now)
      look.held = held?.certificate
      try await renew(held, &look, now: now)
    } catch {
      machine.failed(holding: look.held, isTransient: KeeperFault(error).isTransient, now: now)
      look.fault = KeeperFault(error)
    }
    if let held = look.held { look.due = machine.dueDate(held) }
    if case .wait(let date) = machine.next(holding: look.held, now: now) { look.next = date }
    return look
  }

  /// Does what is to be done after a change, if there was one.
  func finish(_ look: inout Look) async {
    guard look.held != nil, look.fault == nil else { return }
    do {
      try await afterwards()
    } catch {
      look.fault = KeeperFault(error)
    }
  }

  /// Asks again at once where asking failed before, or nothing was due.
  mutating func forgetPause() {
    machine.forgetPause()
    asked = nil
  }

  /// How it stands, without asking anyone or changing anything.
  func standing(now: Date) throws -> (held: HeldCertificate?, isDue: Bool) {
    let held = try HeldFiles(in: directory, identity: delivery.identity, now: now)?.certificate
    guard case .order = RenewalMachine(policy: machine.policy, luck: 0).next(holding: held, now: now) else {
      return (held, false)
    }
    return (held, true)
  }

  private mutating func renew(_ held: HeldFiles?, _ look: inout Look, now: Date) async throws {
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
    machine.succeeded()
    look.held = try HeldFiles(in: directory, identity: delivery.identity, now: now)?.certificate
    if case .order(let reason) = step { look.renewed = reason.rawValue } else { look.renewed = "changed" }
  }

  /// A certificate that is to take the place of what is held; nil where that stays.
  private mutating func certificate(
    holding held: HeldFiles?, _ step: RenewalMachine.Step, now: Date
  ) async throws -> SourcedCertificate? {
    let isNeeded = if case .order = step { true } else { false }
    if let unwritten, isNeeded, unwritten.credential.fault(user: delivery.identity, now: now) == nil {
      return unwritten
    }
    guard isNeeded || isToBeRevisited(now) else { return nil }
    asked = now
    let isHeldGood = held?.certificate.isValid(at: now) ?? false
    let order = CertificateOrder(
      identity: delivery.identity, lifetime: lifetime, current: isHeldGood ? held?.credential : nil)
    do {
      let new = try await source.order(order, now: now)
      guard new.credential.facts.fingerprint != held?.credential.facts.fingerprint else {
        guard isNeeded else { return nil }
        throw SourceError(
          "\(source.name) has no newer certificate for \"\(delivery.identity)\"",
          hint: "whoever fills it has to renew it", isTransient: true)
      }
      return new
    } catch  where !isNeeded {
      // A folder that is being filled: what is in place is good, so there is no hurry.
      return nil
    }
  }

  private func isToBeRevisited(_ now: Date) -> Bool {
    guard let revisit else { return false }
    // A clock that was set back leaves it alone for no longer.
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
      // install-cni empties and fills this folder at its start: what it put there is replaced at the next look.
      try Directory.create(copy, mode: 0o755)
      try AtomicFile.write(files(owner: nil), in: copy)
    }
  }

  /// What is to be done once after each change. That it was done is noted beside the files, so that a run that was
  /// killed in between is made good by the next.
  private func afterwards() async throws {
    guard let action = delivery.afterChange, let generation = try directory.generation(),
      !generation.has(note: Self.announced)
    else { return }
    try await action.run()
    try generation.add(note: Self.announced)
  }

  private static let announced = "announced"
}

/// Why a certificate is not as it should be: one sentence, and what to do about it.
package struct KeeperFault: Error, Hashable, Sendable, CustomStringConvertible {
  package let message: String
  package let hint: String?
  /// Whether asking again soon may help.
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
