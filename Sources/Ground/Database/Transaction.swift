extension Connection {
  /// When a transaction takes the lock.
  package enum TransactionKind: Sendable {
    /// For reading, at the first statement.
    case deferred
    /// For writing, at once: what is read inside stays true until the end.
    case immediate
  }

  /// One transaction: all of what `body` does, or none of it where it throws.
  /// - Throws: ``DatabaseError``, or what `body` throws.
  package func transaction<Value>(
    _ kind: TransactionKind = .immediate, _ body: () throws -> Value
  ) throws -> Value {
    switch kind {
    case .deferred: try run("BEGIN DEFERRED")
    case .immediate: try run("BEGIN IMMEDIATE")
    }
    do {
      let value = try body()
      try run("COMMIT")
      return value
    } catch {
      // After some failures, such as a full disk, SQLite has rolled back itself. Where rolling back fails, the next
      // BEGIN is refused, and closing the file undoes what was not committed.
      if isInTransaction { _ = try? run("ROLLBACK") }
      throw error
    }
  }
}
