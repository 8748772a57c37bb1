/// An answer without its body.
package struct ResponseHead: Hashable, Sendable {
  package var status: Status
  package var version = Version.http11
  package var fields: Fields

  package init(_ status: Status, fields: Fields = [:]) {
    self.status = status
    self.fields = fields
  }
}
