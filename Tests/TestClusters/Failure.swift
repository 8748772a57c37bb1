import Etcd

/// The error with which a call to etcd ends; nil if it succeeds.
package func failure(_ body: () async throws -> Void) async throws -> EtcdError.Code? {
  do {
    try await body()
    return nil
  } catch let error as EtcdError {
    return error.code
  }
}

/// How long something takes.
package func duration(_ body: () async throws -> Void) async throws -> Duration {
  let start = ContinuousClock.now
  try await body()
  return ContinuousClock.now - start
}
