/// The method of a request (RFC 9110, section 9). Methods are told apart by case.
package struct Method: Hashable, Sendable, CustomStringConvertible {
  package let name: String

  package init(_ name: String) { self.name = name }

  package static let get = Method("GET")
  package static let head = Method("HEAD")
  package static let post = Method("POST")
  package static let put = Method("PUT")
  package static let delete = Method("DELETE")
  package static let options = Method("OPTIONS")
  package static let connect = Method("CONNECT")

  package var description: String { name }
}
