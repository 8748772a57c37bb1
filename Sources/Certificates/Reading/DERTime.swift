import Foundation
import SwiftASN1

/// A moment as X.509 writes it: UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280, section 5.1.2.4).
struct DERTime: DERSerializable {
  let date: Date

  func serialize(into coder: inout DER.Serializer) throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
    guard let year = parts.year, let month = parts.month, let day = parts.day, let hour = parts.hour,
      let minute = parts.minute, let second = parts.second
    else { throw ASN1Error.invalidASN1Object(reason: "no calendar date") }
    if (1950..<2050).contains(year) {
      try coder.serialize(
        UTCTime(year: year, month: month, day: day, hours: hour, minutes: minute, seconds: second))
    } else {
      try coder.serialize(
        GeneralizedTime(
          year: year, month: month, day: day, hours: hour, minutes: minute, seconds: second,
          fractionalSeconds: 0))
    }
  }
}
