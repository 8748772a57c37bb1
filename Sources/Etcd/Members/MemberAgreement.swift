import Errors

/// Whether the voting members that answer hold the same users, roles and keys.
///
/// They can differ for good: a member that was restarted while an alarm was active enforces permissions that
/// the others do not, and so skips entries of the log that they apply (etcd pull request 22386); a bug or a
/// disk can do the same. etcd does not repair this, and no member reports it in its status.
package struct MemberAgreement: Hashable, Sendable {
  /// The auth revision, which each change of a user, role, permission or link increases.
  package let authRevision: Finding<Int64>
  /// The hash over all keys, values and leases since the last compaction, at one revision.
  package let keyValueHash: Finding<KeyValueHash>

  package init(authRevision: Finding<Int64>, keyValueHash: Finding<KeyValueHash>) {
    self.authRevision = authRevision
    self.keyValueHash = keyValueHash
  }

  package enum Finding<Value: Hashable & Sendable>: Hashable, Sendable {
    /// Every member that was asked has this value.
    case same(Value)
    /// The members have different values, and still after a moment.
    case different([MemberValue<Value>])
    /// Only one member was asked, so there is nothing to compare.
    case oneMember
    /// It could not be found out; the reason, as the end of a sentence.
    case unknown(String)
  }

  package struct MemberValue<Value: Hashable & Sendable>: Hashable, Sendable {
    package let member: String
    package let value: Value

    package init(member: String, value: Value) {
      self.member = member
      self.value = value
    }
  }

  /// Why the members are not used together; nil if no difference was found. A value that is unknown is no
  /// difference.
  package var refusal: MembersDiffer? {
    if case .different(let values) = authRevision {
      return MembersDiffer(
        what: "users and roles", evidence: "auth revision",
        values: values.map { .init(member: $0.member, value: "\($0.value)") })
    }
    if case .different(let values) = keyValueHash {
      return MembersDiffer(
        what: "keys", evidence: "hash of the keys",
        values: values.map { .init(member: $0.member, value: "\($0.value)") })
    }
    return nil
  }
}

/// What HashKV of a member returned.
package enum KeyValueHash: Hashable, Sendable, CustomStringConvertible {
  case hash(UInt32, revision: Int64)
  /// The member has not reached the revision that the others have.
  case behind(revision: Int64)

  package var description: String {
    switch self {
    case .hash(let hash, let revision): "\(hash) at revision \(revision)"
    case .behind(let revision): "not yet at revision \(revision)"
    }
  }
}

/// Members of one cluster hold different users, roles or keys.
package struct MembersDiffer: ExplainedError, Hashable, Sendable {
  /// What differs: `users and roles`.
  package let what: String
  /// The value that shows it: `auth revision`.
  package let evidence: String
  package let values: [MemberAgreement.MemberValue<String>]

  package init(what: String, evidence: String, values: [MemberAgreement.MemberValue<String>]) {
    self.what = what
    self.evidence = evidence
    self.values = values
  }

  package var description: String {
    let list = values.map { "\($0.member) \($0.value)" }.joined(separator: ", ")
    return "the members do not hold the same \(what): \(evidence) of \(list)"
  }

  /// The members whose value most of the others do not have; nil if no value has a majority.
  package var minority: [String]? {
    let groups = Dictionary(grouping: values, by: \.value)
    guard let largest = groups.values.map(\.count).max(), largest * 2 > values.count else { return nil }
    return values.filter { groups[$0.value]?.count != largest }.map(\.member)
  }

  package var hint: String? {
    let which = minority.map { "\($0.inSentence)" } ?? "the member whose users, roles and keys are wrong"
    return
      "compare with 'etcdctl endpoint hashkv --cluster'; then, one member at a time, bring back \(which): "
      + "'etcdctl member remove ID', stop it, empty its data directory, 'etcdctl member add NAME "
      + "--peer-urls=URL', start it with --initial-cluster-state=existing"
  }
}

extension ClusterMembers {
  /// The largest store that is hashed without being asked for, in bytes. A member reads its whole store for
  /// the hash, and commits no write meanwhile (etcd, `server/storage/mvcc/kvstore.go`, `hashByRev`).
  package static let hashedByDefault: Int64 = 256 << 20

  /// Compares the voting members that answer.
  /// - Parameter largest: A larger store is not hashed; nil to hash any.
  /// - Throws: ``EtcdError`` of a call that failed for another reason than a member that stopped answering.
  package func agreement(
    as credentials: ClientCredentials, largestHashed largest: Int64? = Self.hashedByDefault
  ) async throws -> MemberAgreement {
    guard !endpoints.isEmpty else {
      return MemberAgreement(
        authRevision: .unknown("no member could be asked"), keyValueHash: .unknown("no member could be asked")
      )
    }
    return try await EtcdClient.connect(to: endpoints, as: credentials, timeout: .seconds(20)) { etcd in
      await agreement(etcd, as: credentials, largestHashed: largest)
    }
  }

  /// The same with a client of ``endpoints``.
  package func agreement(
    _ etcd: EtcdClient, as credentials: ClientCredentials,
    largestHashed largest: Int64? = Self.hashedByDefault
  ) async -> MemberAgreement {
    MemberAgreement(
      authRevision: await authRevision(etcd, as: credentials),
      keyValueHash: await keyValueHash(etcd, largest: largest))
  }

  // MARK: - users and roles

  /// The auth revision of the voting members that answer; of one member it is that member's.
  /// - Parameter etcd: A client of ``endpoints``.
  package func authRevision(
    _ etcd: EtcdClient, as credentials: ClientCredentials
  ) async -> MemberAgreement.Finding<Int64> {
    do throws(EtcdError) {
      if let leave = AuthStatusLeave(versions: versions) {
        return try await authRevisionInOrder(etcd, leave)
      }
      return try await authRevisionOfMetrics(as: credentials)
    } catch { return .unknown("\(error)") }
  }

  /// Asks one member after the other, and the first one again. The call goes through the log, and a member
  /// answers when it has applied it, so the values of members that agree never fall in this order.
  private func authRevisionInOrder(
    _ etcd: EtcdClient, _ leave: AuthStatusLeave
  ) async throws(EtcdError) -> MemberAgreement.Finding<Int64> {
    let members = reachable
    for attempt in 1...5 {
      var values: [MemberAgreement.MemberValue<Int64>] = []
      for member in members {
        guard let endpoint = member.endpoint else { continue }
        values.append(.init(member: member.name, value: try await etcd.only(endpoint).authRevision(leave)))
      }
      guard let first = members.first?.endpoint, let before = values.first else { break }
      let after = members.count > 1 ? try await etcd.only(first).authRevision(leave) : before.value
      if zip(values, values.dropFirst()).contains(where: { $0.value > $1.value })
        || values.contains(where: { $0.value > after })
      {
        return .different(values)
      }
      if before.value == after { return .same(after) }
      try? await Task.sleep(for: .milliseconds(50 * attempt))
    }
    return .unknown("users or roles are being changed")
  }

  /// Every release publishes the auth revision in its metrics, which may be slightly behind the log.
  private func authRevisionOfMetrics(
    as credentials: ClientCredentials
  ) async throws(EtcdError) -> MemberAgreement.Finding<Int64> {
    var last: [MemberAgreement.MemberValue<Int64>] = []
    var rounds = 0
    for _ in 1...20 {
      var values: [MemberAgreement.MemberValue<Int64>] = []
      for member in reachable {
        guard let endpoint = member.endpoint else { continue }
        guard let value = try await Metrics.read(from: endpoint, as: credentials).authRevision else {
          return .unknown("the metrics of \(member.name) do not contain the auth revision")
        }
        values.append(.init(member: member.name, value: value))
      }
      if let first = values.first, values.allSatisfy({ $0.value == first.value }) {
        return .same(first.value)
      }
      rounds = values == last ? rounds + 1 : 0
      if rounds == 5 { return .different(values) }
      last = values
      try? await Task.sleep(for: .milliseconds(300))
    }
    return .unknown("users or roles are being changed")
  }

  // MARK: - keys

  private func keyValueHash(
    _ etcd: EtcdClient, largest: Int64?
  ) async -> MemberAgreement.Finding<KeyValueHash> {
    guard reachable.count > 1 else { return .oneMember }
    if let largest, let size = reachable.compactMap(\.status?.databaseSize).max(), size > largest {
      return .unknown("the store has \(size >> 20) MiB, and a hash over it would delay writes")
    }
    // Releases compute the hash of deleted keys differently (etcd pull request 19474).
    guard Set(reachable.compactMap(\.version)).count == 1 else {
      return .unknown("the members run different releases, which may compute it differently")
    }
    do throws(EtcdError) {
      for attempt in 1...3 {
        if let found = try await hashAtOneRevision(etcd) { return found }
        try? await Task.sleep(for: .milliseconds(300 * attempt))
      }
    } catch { return .unknown("\(error)") }
    return .unknown("the store was compacted in the meantime")
  }

  /// Asks each member for the hash at the highest revision that one of them has, which the others reach in a
  /// moment.
  /// - Returns: nil if a compaction interfered.
  private func hashAtOneRevision(
    _ etcd: EtcdClient
  ) async throws(EtcdError) -> MemberAgreement.Finding<KeyValueHash>? {
    var revision: Int64 = 1
    for endpoint in endpoints { revision = max(revision, try await etcd.only(endpoint).status().revision) }
    var values: [MemberAgreement.MemberValue<KeyValueHash>] = []
    var compacted: Set<Int64> = []
    for member in reachable {
      guard let endpoint = member.endpoint else { continue }
      switch try await etcd.only(endpoint).hash(at: revision, waiting: .seconds(5)) {
      case .compacted: return nil
      case .future: values.append(.init(member: member.name, value: .behind(revision: revision)))
      case .hash(let hash, let compact):
        compacted.insert(compact)
        values.append(.init(member: member.name, value: .hash(hash, revision: revision)))
      }
    }
    guard let first = values.first else { return .unknown("no member could be asked") }
    if values.allSatisfy({ $0.value == first.value }) { return .same(first.value) }
    // Hashes of different compactions cover different revisions.
    return compacted.count > 1 ? nil : .different(values)
  }
}

extension EtcdClient {
  fileprivate enum HashAnswer {
    case hash(UInt32, compact: Int64)
    case compacted
    /// The member has not reached the revision within the time.
    case future
  }

  /// - Parameter time: How long to wait for a member that has not reached the revision.
  fileprivate func hash(at revision: Int64, waiting time: Duration) async throws(EtcdError) -> HashAnswer {
    let end = ContinuousClock.now + time
    while true {
      do {
        let response = try await call(
          Maintenance.hashKV, HashKVRequest(revision: revision), operation: "HashKV")
        return .hash(response.hash, compact: response.compactRevision)
      } catch {
        if error.message.contains("has been compacted") { return .compacted }
        guard error.code == .revisionInFuture else { throw error }
        guard ContinuousClock.now < end else { return .future }
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
  }
}
