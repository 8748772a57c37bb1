import Arguments
import Etcd
import Keyspace
import Reconciliation
import Segmentation
import Terminal

/// Whether to answer from the file or from the running cluster.
struct LiveOption: ParsableArguments {
  @Flag(help: "Use the cluster's users and roles instead of the file.") var live = false
  @OptionGroup var fileOption: FileOption
  @OptionGroup var timeoutOption: TimeoutOption

  func segmentation() async throws -> Segmentation {
    try await Self.segmentation(fileOption, live: live, timeoutOption)
  }

  /// That of the file, or that of the running cluster which the file names.
  static func segmentation(
    _ file: FileOption, live: Bool, _ timeout: TimeoutOption
  ) async throws -> Segmentation {
    let workspace = try Workspace(file)
    return live ? try await workspace.liveSegmentation(timeout: timeout.duration) : workspace.segmentation
  }

  /// All keys of the cluster.
  func keys() async throws -> [Key] {
    let workspace = try Workspace(fileOption)
    return try await EtcdClient.connectToMembers(
      behind: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
    ) { etcd, _ in try await etcd.keys(in: .everything) }
  }
}

extension Workspace {
  /// The users and roles of the cluster as they are now, read at each member that answers; says which these are.
  /// - Parameter tryingPasswords: Whether to find out which users have a password.
  /// - Throws: ``MembersDiffer``, ``EtcdError``.
  func liveSegmentation(timeout: Duration, tryingPasswords: Bool = false) async throws -> Segmentation {
    let administrator = try self.administrator
    let state = try await EtcdClient.connectToMembers(
      behind: file.etcd.endpoints, as: administrator, timeout: timeout
    ) { etcd, members in
      Console.note(members)
      if let refusal = try await members.agreement(as: administrator).refusal { throw refusal }
      if !members.unreachable.isEmpty { Console.note("note: read at \(members.asked)") }
      return try await ClusterState.observe(
        etcd, atEachOf: members, tryingPasswords: tryingPasswords, progress: Console.progress)
    }
    Console.clearProgress()
    return state.segmentation(
      cluster: "\(file.cluster), live", apiservers: file.apiservers, kubernetesPrefix: file.kubernetesPrefix)
  }
}
