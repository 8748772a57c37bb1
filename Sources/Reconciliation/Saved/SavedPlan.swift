import Cryptography
import Errors
import FoundationEssentials
import Segmentation
import Text

/// A plan in a file: what was reviewed, and what it was computed from.
///
/// `apply` computes the plan again under the lock and compares it with the saved one, so the file decides whether
/// changes are made, and never which. It contains no secret. Its digest shows that it was changed by accident or by
/// hand; everyone can compute such a digest, so it is no signature.
package struct SavedPlan: Hashable, Sendable {
  package let basis: PlanBasis
  package let madeAt: Date
  /// In words, in the order in which they are made.
  package let steps: [Step]
  /// SHA-256 of the exact changes in their phases, in hexadecimal.
  let changes: String

  /// Whether records of other files are taken over.
  package var takesOver: Bool { basis.takesOver }

  package struct Step: Codable, Hashable, Sendable {
    package let change: String
    package let etcdctl: String
    package let takesAway: Bool
  }

  package init(_ plan: Plan, _ basis: PlanBasis, madeAt: Date) {
    self.basis = basis
    // The file has whole seconds.
    self.madeAt = Date(timeIntervalSince1970: madeAt.timeIntervalSince1970.rounded(.down))
    steps = plan.changes.map { Step(change: $0.words, etcdctl: $0.etcdctl, takesAway: $0.takesAway) }
    changes = plan.digest
  }

  /// Compares with the plan that would be made now.
  /// - Throws: ``SavedPlanRefusal/stale(_:made:)``.
  func check(_ now: Plan, _ basis: PlanBasis) throws(SavedPlanRefusal) {
    var differences = self.basis.differences(from: basis)
    if changes != now.digest {
      let (old, new) = (Set(steps.map(\.change)), Set(now.changes.map(\.words)))
      func list(_ all: [String], _ what: String) {
        guard !all.isEmpty else { return }
        differences.append(
          "\(what): " + all.prefix(5).joined(separator: "; ")
            + (all.count > 5 ? "; and \(all.count - 5) more" : ""))
      }
      list(
        now.changes.map(\.words).filter { !old.contains($0) },
        "the plan of now has steps that were not reviewed")
      list(steps.map(\.change).filter { !new.contains($0) }, "reviewed steps that it does not have")
      if differences.isEmpty { differences.append("the order of the steps has changed") }
    }
    guard differences.isEmpty else { throw .stale(differences, made: madeAt) }
  }
}

extension Plan {
  /// SHA-256 of the changes in their phases, in hexadecimal.
  fileprivate var digest: String {
    var digest = SHA256()
    for phase in phases {
      // The etcdctl line has the stored bytes, the words tell apart what is granted and what is reduced.
      digest.addValues(phase.map { "\($0.words)\n\($0.etcdctl)" })
    }
    return digest.digest().hexadecimal
  }
}

// MARK: - as a file

extension SavedPlan {
  static let kind = "bulkhead plan"
  /// The format that is written, and the only one that is read: an older or newer program plans differently.
  static let format = 1
  /// The largest file that is read, in bytes.
  package static let mostBytes = 64 << 20

  private struct Stored: Codable {
    let madeAt: Date
    let basis: PlanBasis
    let steps: [Step]
    let changes: String
  }

  /// The text of the file.
  package var bytes: [UInt8] {
    get throws {
      try DigestedFile(
        kind: Self.kind, format: Self.format,
        Stored(madeAt: madeAt, basis: basis, steps: steps, changes: changes)
      ).bytes
    }
  }

  /// Whether bytes are the beginning of a saved plan of any format.
  package static func isOne(_ bytes: [UInt8]) -> Bool { DigestedFileHead(bytes)?.kind == kind }

  /// Reads a file, byte for byte as it was written.
  /// - Throws: ``SavedPlanRefusal``.
  package init(_ bytes: [UInt8]) throws(SavedPlanRefusal) {
    let stored: Stored
    do throws(DigestedFileFault) {
      stored = try DigestedFile<Stored>.read(bytes, kind: Self.kind, format: Self.format)
    } catch {
      switch error {
      case .otherKind: throw .notAPlan
      case .otherFormat(let format): throw .otherFormat(format)
      case .changed: throw .changed
      }
    }
    basis = stored.basis
    madeAt = stored.madeAt
    steps = stored.steps
    changes = stored.changes
  }
}

/// Why a saved plan is not applied.
package enum SavedPlanRefusal: ExplainedError, Hashable, Sendable {
  case notAPlan
  case otherFormat(Int?)
  /// The file is not byte for byte as it was written.
  case changed
  /// What the plan was computed from, or its result, differs.
  case stale([String], made: Date)

  package var description: String {
    switch self {
    case .notAPlan: "the file is not a plan that 'bulkhead plan --out' wrote"
    case .otherFormat(let format):
      "the plan has the format \(format.map(String.init) ?? "unknown"), and this program reads format \(SavedPlan.format)"
    case .changed: "the plan was changed after it was written: it does not match its digest"
    case .stale(let differences, let made):
      "nothing was changed: since the plan was made at \(made.formatted(.iso8601)), "
        + differences.map(visible).joined(separator: "; ")
    }
  }

  package var hint: String? {
    switch self {
    case .notAPlan: "'bulkhead plan --out FILE' writes one"
    case .otherFormat: "make the plan and apply it with the same version of Bulkhead"
    case .changed, .stale: "make and review a new one: 'bulkhead plan --out FILE'"
    }
  }
}
