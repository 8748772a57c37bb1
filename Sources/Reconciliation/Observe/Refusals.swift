import Etcd
import Names

/// How many requests the members have refused, by their own count (`/metrics`, `grpc_server_handled_total`).
///
/// The count does not name the users, a member that restarts counts from zero, and a refused watch is not counted: its
/// stream ends without an error (etcd, `server/etcdserver/api/v3rpc/watch.go`).
struct Refusals: Sendable {
  /// One for each member that answers, with the member's name.
  let members: [(name: String, endpoint: Endpoint)]
  let credentials: ClientCredentials

  /// The voting members that answer.
  init(_ members: ClusterMembers, as credentials: ClientCredentials) {
    self.members = members.reachable.compactMap { member in member.endpoint.map { (member.name, $0) } }
    self.credentials = credentials
  }

  /// What one member has refused since it started, by method, such as `Range`.
  struct Reading: Hashable, Sendable {
    /// Requests without the permission, and those of certificates that are named after no user.
    var denied: [String: Int] = [:]
    /// Reads and writes without a user name: nearly all that etcd refuses as invalid.
    var nameless: [String: Int] = [:]

    init(_ metrics: Metrics) {
      for (name, value) in metrics.values where name.hasPrefix("grpc_server_handled_total{") {
        guard let count = Int(exactly: value), let method = Self.label("grpc_method", in: name) else {
          continue
        }
        if name.contains("grpc_code=\"PermissionDenied\"") {
          denied[method, default: 0] += count
        } else if name.contains("grpc_code=\"InvalidArgument\""),
          name.contains("grpc_service=\"etcdserverpb.KV\"")
        {
          nameless[method, default: 0] += count
        }
      }
    }

    private static func label(_ label: String, in name: String) -> String? {
      guard let start = name.firstRange(of: "\(label)=\"")?.upperBound else { return nil }
      return String(name[start...].prefix { $0 != "\"" })
    }
  }

  /// The reading of each member, or the error.
  typealias Readings = [Endpoint: Result<Reading, EtcdError>]

  func read() async -> Readings {
    let results = await Etcd.concurrently(members, limit: 8) { member -> Result<Reading, EtcdError> in
      do throws(EtcdError) {
        return .success(
          Reading(try await Metrics.read(from: member.endpoint, as: credentials, timeout: .seconds(5))))
      } catch { return .failure(error) }
    }
    return Dictionary(zip(members.map(\.endpoint), results)) { first, _ in first }
  }

  enum Kind: Sendable { case denied, nameless }

  /// How the members' counts changed between two readings.
  func changes(_ kind: Kind, from before: Readings, to after: Readings) -> [RefusalChange] {
    members.map { member in
      do throws(EtcdError) {
        guard let first = before[member.endpoint], let second = after[member.endpoint] else {
          return RefusalChange(member: member.name, kind, count: .unknown("it was not asked"))
        }
        let (old, new) = (try first.get(), try second.get())
        return switch kind {
        case .denied: RefusalChange(member: member.name, kind, from: old.denied, to: new.denied)
        case .nameless: RefusalChange(member: member.name, kind, from: old.nameless, to: new.nameless)
        }
      } catch {
        return RefusalChange(member: member.name, kind, count: .unknown(error.reason))
      }
    }
  }
}

/// How one member's counts of refused requests changed in a time.
package struct RefusalChange: Hashable, Sendable {
  package enum Count: Hashable, Sendable {
    /// The sum of all methods before and after, and by how much each method's count rose.
    case counted(from: Int, to: Int, methods: [String: Int])
    /// Why it is unknown, as the end of a sentence.
    case unknown(String)
  }

  package let member: String
  package let count: Count
  private let kind: Refusals.Kind

  init(member: String, _ kind: Refusals.Kind = .denied, count: Count) {
    self.member = member
    self.kind = kind
    self.count = count
  }

  init(
    member: String, _ kind: Refusals.Kind = .denied, from before: [String: Int], to after: [String: Int]
  ) {
    self.member = member
    self.kind = kind
    let methods = Set(before.keys).union(after.keys)
    let increases = Dictionary(
      uniqueKeysWithValues: methods.map { ($0, (after[$0] ?? 0) - (before[$0] ?? 0)) })
    count =
      increases.values.contains { $0 < 0 }
      ? .unknown(
        "its count went back from \(before.values.reduce(0, +)) to \(after.values.reduce(0, +)): it restarted"
      )
      : .counted(
        from: before.values.reduce(0, +), to: after.values.reduce(0, +),
        methods: increases.filter { $0.value > 0 })
  }

  /// By how much the count rose; nil if it is unknown.
  package var increase: Int? {
    if case .counted(let from, let to, _) = count { to - from } else { nil }
  }

  /// `etcd-1 refused 12 requests (from 3 to 15: 12 Range)`, or why it is unknown.
  package var words: String {
    switch count {
    case .counted(let from, let to, let methods):
      let list = methods.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      let requests = to - from == 1 ? "1 request" : "\(to - from) requests"
      let what = kind == .nameless ? " without a user name" : ""
      return "\(member) refused \(requests)\(what) (from \(from) to \(to)\(list.isEmpty ? "" : ": \(list)"))"
    case .unknown(let reason): return "how many requests \(member) refused is unknown: \(reason)"
    }
  }
}

extension [RefusalChange] {
  /// By how much the counts of all members rose together; nil if one is unknown.
  var increase: Int? {
    var sum = 0
    for change in self {
      guard let increase = change.increase else { return nil }
      sum += increase
    }
    return sum
  }

  /// By how much the count of each method rose at the members that are known.
  var methods: [String: Int] {
    reduce(into: [:]) { sums, change in
      guard case .counted(_, _, let methods) = change.count else { return }
      for (method, increase) in methods { sums[method, default: 0] += increase }
    }
  }

  /// Why a member's count is unknown; nil if all are known.
  var problem: String? {
    lazy.filter { $0.increase == nil }.first?.words
  }
}
