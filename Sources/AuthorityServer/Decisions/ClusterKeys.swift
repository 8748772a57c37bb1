import Files
import Foundation
import JWTKit

/// The keys with which a cluster signs service-account tokens: a JSON Web Key Set (RFC 7517) in a file, or
/// the one that the API server publishes at `/openid/v1/jwks`. They are read again when a token names an
/// unknown key, at most every ten seconds, and when they are ten minutes old, so that a withdrawn key is
/// removed. If they cannot be read, the known keys stay in use.
actor ClusterKeys {
  struct Known: Sendable {
    let collection: JWTKeyCollection
    /// By key id. The algorithm in the token is not trusted.
    let algorithms: [String: String]
  }

  private static let pause = Duration.seconds(10)
  private static let age = Duration.seconds(600)

  private let read: @Sendable () async throws -> [UInt8]
  private var known: Known?
  private var readAt: ContinuousClock.Instant?
  private var triedAt: ContinuousClock.Instant?
  private var reading: Task<Known, any Error>?

  init(read: @escaping @Sendable () async throws -> [UInt8]) { self.read = read }

  /// The keys, with the one of this id if the cluster has it.
  /// - Throws: the error of reading if no keys are known yet.
  func keys(for id: String, now: ContinuousClock.Instant = .now) async throws -> Known {
    let isOld = readAt.map { now - $0 > Self.age } ?? true
    let mayTry = triedAt.map { now - $0 > Self.pause } ?? true
    guard let known, !mayTry || !isOld && known.algorithms[id] != nil else {
      // If no keys are known, concurrent requests wait for the same read.
      guard mayTry || reading != nil else { throw KeysUnavailable() }
      return try await refresh(now)
    }
    return known
  }

  private func refresh(_ now: ContinuousClock.Instant) async throws -> Known {
    if let reading { return try await reading.value }
    triedAt = now
    let task = Task { try await Self.known(from: read()) }
    reading = task
    defer { reading = nil }
    do {
      let fresh = try await task.value
      known = fresh
      readAt = now
      return fresh
    } catch {
      guard let known else { throw error }
      return known
    }
  }

  private static func known(from bytes: [UInt8]) async throws -> Known {
    // The set may contain keys of unknown kinds, or secret keys: they are ignored.
    struct Lenient: Decodable {
      let key: JWK?
      init(from decoder: any Decoder) throws { key = try? JWK(from: decoder) }
    }
    struct Keys: Decodable { let keys: [Lenient] }
    let set = try JSONDecoder().decode(Keys.self, from: Data(bytes))
    let collection = JWTKeyCollection()
    var algorithms: [String: String] = [:]
    for var key in set.keys.compactMap(\.key) {
      key.algorithm = key.algorithm ?? key.usualAlgorithm
      guard let id = key.keyIdentifier?.string, let algorithm = key.algorithm?.rawValue,
        algorithm.hasPrefix("RS") || algorithm.hasPrefix("ES"), algorithm.count == 5,
        (try? await collection.add(jwk: key)) != nil
      else { continue }
      algorithms[id] = algorithm
    }
    return Known(collection: collection, algorithms: algorithms)
  }
}

/// The cluster's keys could not be read: a failure of the server.
struct KeysUnavailable: Error {}

extension JWK {
  /// The API server's algorithm if the set does not name one (Kubernetes, `pkg/serviceaccount/jwt.go`).
  fileprivate var usualAlgorithm: Algorithm? {
    switch keyType {
    case .rsa: .rs256
    case .ecdsa:
      switch curve?.rawValue {
      case "P-256": .es256
      case "P-384": .es384
      case "P-521": .es512
      default: nil
      }
    default: nil
    }
  }
}
