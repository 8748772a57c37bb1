/// A value as SQLite stores it, in one of its five storage classes.
package enum DatabaseValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text(String)
  case blob([UInt8])
}

/// A type that can be bound to a parameter and read from a column.
package protocol DatabaseConvertible {
  var databaseValue: DatabaseValue { get }
  /// nil where the stored value is of another type, or out of this one's range.
  init?(databaseValue: DatabaseValue)
}

extension DatabaseValue: DatabaseConvertible {
  package var databaseValue: DatabaseValue { self }
  package init(databaseValue: DatabaseValue) { self = databaseValue }
}

extension Int64: DatabaseConvertible {
  package var databaseValue: DatabaseValue { .integer(self) }

  package init?(databaseValue: DatabaseValue) {
    guard case .integer(let number) = databaseValue else { return nil }
    self = number
  }
}

extension Int: DatabaseConvertible {
  package var databaseValue: DatabaseValue { .integer(Int64(self)) }

  package init?(databaseValue: DatabaseValue) {
    guard case .integer(let number) = databaseValue, let number = Int(exactly: number) else { return nil }
    self = number
  }
}

extension Double: DatabaseConvertible {
  package var databaseValue: DatabaseValue { .real(self) }

  package init?(databaseValue: DatabaseValue) {
    guard case .real(let number) = databaseValue else { return nil }
    self = number
  }
}

extension String: DatabaseConvertible {
  package var databaseValue: DatabaseValue { .text(self) }

  package init?(databaseValue: DatabaseValue) {
    guard case .text(let text) = databaseValue else { return nil }
    self = text
  }
}

extension [UInt8]: DatabaseConvertible {
  package var databaseValue: DatabaseValue { .blob(self) }

  package init?(databaseValue: DatabaseValue) {
    guard case .blob(let bytes) = databaseValue else { return nil }
    self = bytes
  }
}

extension Optional: DatabaseConvertible where Wrapped: DatabaseConvertible {
  package var databaseValue: DatabaseValue { self?.databaseValue ?? .null }

  package init?(databaseValue: DatabaseValue) {
    if case .null = databaseValue {
      self = .none
    } else if let wrapped = Wrapped(databaseValue: databaseValue) {
      self = .some(wrapped)
    } else {
      return nil
    }
  }
}
