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
    return try await EtcdClient.connect(
      to: workspace.file.etcd.endpoints, as: try workspace.administrator, timeout: timeoutOption.duration
    ) { etcd in try await etcd.keys(in: .everything) }
  }
}

extension Workspace {
  /// The users and roles of the cluster as they are now.
  /// - Parameter tryingPasswords: Whether to find out which users have a password.
  func liveSegmentation(timeout: Duration, tryingPasswords: Bool = false) async throws -> Segmentation {
    let state = try await EtcdClient.connect(
      to: file.etcd.endpoints, as: try administrator, timeout: timeout
    ) { etcd in
      try await ClusterState.observe(etcd, tryingPasswords: tryingPasswords, progress: Console.progress)
    }
    Console.clearProgress()
    return state.segmentation(
      cluster: "\(file.cluster), live", apiservers: file.apiservers, kubernetesPrefix: file.kubernetesPrefix)
  }
}
