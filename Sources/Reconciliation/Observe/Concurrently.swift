import Etcd

/// Calls `ask` for each name, at most `limit` at a time: etcd sends reads of users and roles through its log,
/// and refuses requests when it falls behind.
/// - Throws: The error of one of the calls that failed.
func concurrently<Value: Sendable>(
  _ names: [String], limit: Int = 16, _ ask: @escaping @Sendable (String) async throws(EtcdError) -> Value
) async throws(EtcdError) -> [String: Value] {
  let answers = await withTaskGroup(of: (String, Result<Value, EtcdError>).self) { group in
    var waiting = names[...]
    func next() {
      guard let name = waiting.popFirst() else { return }
      group.addTask {
        do throws(EtcdError) {
          return (name, .success(try await ask(name)))
        } catch {
          return (name, .failure(error))
        }
      }
    }
    for _ in 0..<limit { next() }
    var answers: [String: Result<Value, EtcdError>] = [:]
    for await (name, answer) in group {
      answers[name] = answer
      next()
    }
    return answers
  }
  var values: [String: Value] = [:]
  for (name, answer) in answers { values[name] = try answer.get() }
  return values
}
