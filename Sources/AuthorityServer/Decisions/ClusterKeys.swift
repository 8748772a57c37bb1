import JOSE

/// The keys with which a cluster signs service-account tokens: a JSON Web Key Set (RFC 7517) in a file, or
/// the one that the API server publishes at `/openid/v1/jwks`. They are read again when a token names an
/// unknown key, at most every ten seconds, and when they are ten minutes old, so that a withdrawn key is
/// removed. If they cannot be read, the known keys stay in use until they are an hour old; from then on no
/// token is accepted.
actor ClusterKeys {
  struct Known: Sendable {
    /// Keys of unknown kinds and secret keys are not among them.
    let keySet: JSONWebKeySet

    /// By key id. The algorithm in the token is not trusted.
    var algorithms: [String: String] {
      keySet.keys.reduce(into: [:]) { all, key in
        if let id = key.id { all[id] = key.algorithm.rawValue }
      }
    }
  }

  private static let pause = Duration.seconds(10)
  private static let age = Duration.seconds(600)
  /// The age from which keys that cannot be read again are no longer trusted.
  private static let longestAge = Duration.seconds(3_600)

  private let read: @Sendable () async throws -> [UInt8]
  private var known: Known?
  private var readAt: ContinuousClock.Instant?
  private var triedAt: ContinuousClock.Instant?
  private var reading: Task<Known, any Error>?

  init(read: @escaping @Sendable () async throws -> [UInt8]) { self.read = read }

  /// How long ago the keys were read; nil if none are known.
  func age(now: ContinuousClock.Instant = .now) -> Duration? { readAt.map { now - $0 } }

  /// The keys, with the one of this id if the cluster has it.
  /// - Throws: an error if no keys are known, or the known ones are too old and cannot be read again.
  func keys(for id: String, now: ContinuousClock.Instant = .now) async throws -> Known {
    let isOld = readAt.map { now - $0 > Self.age } ?? true
    let mayTry = triedAt.map { now - $0 > Self.pause } ?? true
    guard let known = trusted(now), !mayTry || !isOld && !known.keySet.keys(id: id).isEmpty else {
      // If no keys are known, concurrent requests wait for the same read.
      guard mayTry || reading != nil else { throw KeysUnavailable() }
      return try await refresh(now)
    }
    return known
  }

  private func trusted(_ now: ContinuousClock.Instant) -> Known? {
    guard let readAt, now - readAt <= Self.longestAge else { return nil }
    return known
  }

  private func refresh(_ now: ContinuousClock.Instant) async throws -> Known {
    if let reading { return try await reading.value }
    triedAt = now
    let task = Task { try await Known(keySet: JSONWebKeySet(json: read())) }
    reading = task
    defer { reading = nil }
    do {
      let fresh = try await task.value
      known = fresh
      readAt = now
      return fresh
    } catch {
      guard let known = trusted(now) else { throw error }
      return known
    }
  }
}

/// The cluster's keys could not be read: a failure of the server.
struct KeysUnavailable: Error {}
