import Arguments
import Reconciliation

extension Stage: ExpressibleByArgument {}

/// The stages of the migration from one shared certificate to one per program.
struct StageOptions: ParsableArguments {
  @Option(
    help: """
      One step of the way from a shared certificate: prepare creates the new users and removes nothing, switch turns \
      authentication on, clean deletes the old user.
      """)
  var stage: Stage?

  @OptionGroup var shared: SharedOptions

  func validate() throws {
    if stage == nil, !shared.shared.isEmpty || shared.pods != nil {
      throw ValidationError("--shared and --pods belong to --stage")
    }
    if let twice = shared.shared.first(where: { name in shared.shared.count { $0 == name } > 1 }) {
      throw ValidationError("--shared \(twice) is given twice")
    }
  }

  /// The requested stage; nil if none was requested. Reads the list of pods if one is given.
  func request() throws -> StageRequest? {
    guard let stage else { return nil }
    return StageRequest(
      stage, shared: shared.shared,
      podUses: stage == .clean ? try shared.podUses() : nil, secret: shared.secret)
  }

  /// What to do next; nil without a stage.
  var next: String? {
    switch stage {
    case nil: nil
    case .prepare: "next, 'bulkhead apply --stage switch\(again)'"
    case .switch:
      "next, give each program its own certificate ('bulkhead manifest' and a rollout), then 'bulkhead apply --stage clean\(again)'"
    case .clean:
      shared.pods == nil ? "etcd does not report who uses a certificate; --pods checks the pods" : nil
    }
  }

  private var again: String { shared.shared.map { " --shared \($0)" }.joined() }
}
