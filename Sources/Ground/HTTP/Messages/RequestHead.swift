/// A request without its body.
package struct RequestHead: Hashable, Sendable {
  package var method: Method
  /// The path with the query, or `*`, as it was sent and not decoded.
  package var target: String
  package var version = Version.http11
  package var fields: Fields

  package init(_ method: Method, _ target: String, fields: Fields = [:]) {
    self.method = method
    self.target = target
    self.fields = fields
  }

  /// What stands before the question mark.
  package var path: Substring { target.prefix { $0 != "?" } }

  /// What stands after the question mark; nil without one.
  package var query: Substring? {
    target.firstIndex(of: "?").map { target[target.index(after: $0)...] }
  }
}
