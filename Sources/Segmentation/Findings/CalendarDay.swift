import FoundationEssentials

/// A day in UTC, written `2027-03-01` (ISO 8601, RFC 3339 `full-date`).
package struct CalendarDay: Hashable, Comparable, Sendable {
  /// In the written form, which sorts by time.
  package let text: String

  /// - Returns: nil unless the text is a day of the calendar in the form `2027-03-01`.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let isWritten =
      parts.map(\.utf8.count) == [4, 2, 2]
      && parts.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
    // Foundation reads 2027-02-30 as the second of March.
    guard isWritten, let date = try? Date("\(text)T00:00:00Z", strategy: .iso8601),
      CalendarDay(of: date).text == text
    else { return nil }
    self.text = text
  }

  /// The day of a moment.
  package init(of date: Date) { text = String(date.ISO8601Format().prefix(10)) }

  package static func < (left: CalendarDay, right: CalendarDay) -> Bool { left.text < right.text }
}

extension CalendarDay: CustomStringConvertible {
  package var description: String { text }
}
