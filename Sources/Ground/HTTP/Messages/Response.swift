/// An answer: what a handler gives and what a client gets.
package struct Response: Hashable, Sendable {
  package var status: Status
  /// Without those that say how long the body is and whether the connection stays.
  package var fields: Fields
  package var body: [UInt8]

  package init(_ status: Status, fields: Fields = [:], body: [UInt8] = []) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  /// An answer whose body is a text.
  package init(_ status: Status, text: String, type: String = "text/plain; charset=utf-8") {
    self.init(status, fields: ["Content-Type": type], body: Array(text.utf8))
  }
}
