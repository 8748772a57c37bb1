import Arguments
import Keyspace

/// The options that turn a key into a range.
struct RangeOptions: ParsableArguments {
  @Flag(help: "All keys that begin with the key.") var prefix = false
  @Option(help: "All keys from the key up to this one, which is excluded.") var rangeEnd: String?
  @Flag(help: "The key and all keys after it.") var fromKey = false

  func validate() throws {
    guard [prefix, rangeEnd != nil, fromKey].filter({ $0 }).count <= 1 else {
      throw ValidationError("--prefix, --range-end and --from-key exclude each other")
    }
  }

  func range(of key: String) throws -> KeyRange {
    let lower = try bytes(key)
    if prefix { return .prefix(lower) }
    if fromKey { return KeyRange(from: lower, to: nil) }
    guard let rangeEnd else { return .key(lower) }
    return KeyRange(from: lower, to: try bytes(rangeEnd))
  }

  private func bytes(_ text: String) throws -> Key {
    guard let key = Key(escaped: text) else {
      throw ValidationError("'\(text)' has a backslash without xNN after it")
    }
    guard !text.contains("*") else {
      throw ValidationError("etcd has no wildcards: omit the '*' and add --prefix")
    }
    return key
  }
}
