/// A result that people read as text and machines as JSON.
public protocol TextReport: Encodable {
  func text(_ style: Style) -> String
}
