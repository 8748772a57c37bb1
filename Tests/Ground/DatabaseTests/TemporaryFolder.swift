import FoundationEssentials

/// A folder of a test's own.
enum TemporaryFolder {
  static func with<Value>(_ body: (String) throws -> Value) throws -> Value {
    let path = make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return try body(path)
  }

  static func with<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let path = make()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return try await body(path)
  }

  private static func make() -> String {
    FileManager.default.temporaryDirectory.path + "/bulkhead-database-" + UUID().uuidString
  }
}
