import Certificates
import Etcd
import FoundationEssentials
import Names
import Reconciliation
import Release
import Segmentation
import Terminal

extension Workspace {
  /// The file's segmentation with a person in it who uses calicoctl.
  /// - Throws: `NameError` if the name cannot be that of a user.
  func segmentation(with user: String, as access: SegmentationFile.CalicoctlUser.Access) throws
    -> Segmentation
  {
    if let problem = UserName.problem(with: user) { throw problem }
    guard segmentation[identity: user] == nil else { throw AccessRefusal.inFile(user) }
    var file = file
    file.calicoctl.append(.init(user: user, access: access))
    return try Segmentation(file, catalogue: catalogue)
  }

  /// Gives a person access until a moment.
  /// - Parameter certificate: Called before the user is made; it issues the certificate.
  func giveAccess(
    _ user: String, as access: SegmentationFile.CalicoctlUser.Access, until: Date, why: String?,
    _ etcd: EtcdClient, _ lock: ClusterLock, certificate: () throws -> Void
  ) async throws -> RecordedRun.Work {
    let (survey, state) = try await look(etcd)
    let goal = try goal()
    let work = try TemporaryAccess.work(
      giving: user, segmentation(with: user, as: access), until: until, by: .thisProcess, why: why,
      from: state,
      goal, survey)
    try certificate()
    try await recordedRun(.access, etcd, lock).run(work, goal, survey) { _ in }
    return work
  }

  /// Ends the access of people.
  /// - Parameter users: Whose; nil for all whose time is over.
  /// - Returns: The users whose access was ended.
  func endAccess(of users: [String]?, _ etcd: EtcdClient, _ lock: ClusterLock) async throws -> [String] {
    let (survey, state) = try await look(etcd)
    let goal = try goal()
    let ended =
      users.map { users in survey.temporaryAccess(of: goal.owner).filter { users.contains($0.user) } }
      ?? survey.endedAccess(of: goal.owner)
    guard !ended.isEmpty else { return [] }
    let work = try TemporaryAccess.work(ending: ended, from: state, goal, survey)
    try await recordedRun(.accessEnd, etcd, lock).run(work, goal, survey) { _ in }
    // A user that is not as `access` made it stays.
    let inFile = Set(goal.desired.users.map(\.name))
    return ended.map(\.user).filter { user in
      state.users[user] == nil || inFile.contains(user) || work.plan.changes.contains(.deleteUser(user))
    }
  }

  private func look(_ etcd: EtcdClient) async throws -> (Survey, ClusterState) {
    let survey = try await Survey.take(etcd, as: try administrator)
    _ = try await survey.checkSpace(as: try administrator)
    let state = try await ClusterState.observe(
      etcd, tryingPasswords: false, authEnabled: survey.authEnabled, progress: Console.progress)
    Console.clearProgress()
    return (survey, state)
  }
}
