import Etcd

/// Calls `ask` for each name, at most `limit` at a time: etcd sends reads of users and roles through its log,
/// and refuses requests when it falls behind.
/// - Throws: The error of one of the calls that failed.
func concurrently<Value: Sendable>(
  _ names: [String], limit: Int = 16, _ ask: @escaping @Sendable (String) async throws(EtcdError) -> Value
) async throws(EtcdError) -> [String: Value] {
  let answers = await Etcd.concurrently(names, limit: limit) { name -> Result<Value, EtcdError> in
    do throws(EtcdError) {
      return .success(try await ask(name))
    } catch {
      return .failure(error)
    }
  }
  var values: [String: Value] = [:]
  for (name, answer) in zip(names, answers) { values[name] = try answer.get() }
  return values
}
