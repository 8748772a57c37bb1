import Testing

@testable import Cryptography

@Suite struct DERTests {
  private func isStrict(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { DER.isStrict($0) } }

  @Test func writesLengthsOfEverySize() {
    #expect(DER.value(0x04, []) == [0x04, 0])
    for count in [1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
      let value = DER.octets([UInt8](repeating: 1, count: count))
      #expect(isStrict(value))
      #expect(DERReader.only(0x04, in: value)?.contents.count == count)
    }
    #expect(DER.value(0x04, [UInt8](repeating: 1, count: 0x80)).prefix(3) == [0x04, 0x81, 0x80])
  }

  @Test func numbersAndFlags() {
    #expect(DER.integer([]) == [2, 1, 0])
    #expect(DER.integer([0, 0]) == [2, 1, 0])
    #expect(DER.integer([0, 0x7f]) == [2, 1, 0x7f])
    #expect(DER.integer([0x80]) == [2, 2, 0, 0x80])
    #expect(DER.flags([]) == [3, 1, 0])
    #expect(DER.flags([5, 6]) == [3, 2, 1, 6])
    #expect(DER.flags([0]) == [3, 2, 7, 0x80])
    #expect(DER.flags([8, 0]) == [3, 3, 7, 0x80, 0x80])
  }

  @Test(arguments: [
    "1.2.840.113549.1.1.1", "2.5.4.3", "0.9.2342.19200300.100.1.25", "2.999.1", "1.3.101.112", "2.100.3",
  ])
  func identifiersGoBothWays(text: String) throws {
    let der = try #require(DER.objectIdentifier(text))
    #expect(DERReader.only(0x06, in: der)?.objectIdentifier == text)
  }

  @Test(arguments: ["", "1", "3.1", "1.40", "a.b", "1..2", "-1.2", "1.2.99999999999999999999", "1.2."])
  func whatIsNoIdentifierIsRefused(text: String) {
    #expect(DER.objectIdentifier(text) == nil)
  }

  /// One too large for 64 bits, one with a needless byte, one that does not end.
  @Test(arguments: [
    [0x55, 0x83] + [UInt8](repeating: 0xff, count: 9) + [0x7f], [0x55, 0x80, 0x01], [0x55, 0x84], [],
  ])
  func identifiersThatAreNoneAreNotRead(contents: [UInt8]) {
    #expect(DERReader.only(0x06, in: DER.value(0x06, contents))?.objectIdentifier == nil)
  }

  @Test func onlyOneWayOfWritingIsStrict() {
    for good: [UInt8] in [
      [0x05, 0], [0x30, 0], [0x01, 1, 0xff], [0x02, 1, 0], [0x02, 2, 0, 0x80], [0x02, 1, 0x80],
      [0x30, 2, 0x05, 0],
      [0x31, 6, 0x02, 1, 1, 0x02, 1, 2], [0xa0, 2, 0x05, 0], [0x80, 1, 7],
    ] { #expect(isStrict(good), "\(good)") }
    for bad: [UInt8] in [
      [], [0x05], [0x30], [0x05, 1], [0x05, 1, 0], [0x05, 0, 0], [0x01, 1, 1], [0x01, 1, 0],
      [0x01, 2, 0xff, 0xff],
      [0x02, 0], [0x02, 2, 0, 0x7f], [0x02, 2, 0xff, 0x80], [0x04, 0x81, 1, 7], [0x04, 0x80, 0, 0],
      [0x30, 0x80, 0, 0], [0x30, 3, 0x05, 0], [0x30, 1, 0x05], [0x31, 6, 0x02, 1, 2, 0x02, 1, 1], [0x10, 0],
      [0x1f, 0x1f, 0], [0x04, 0x84, 0xff, 0xff, 0xff, 0xff], [0x04, 0x85, 1, 0, 0, 0, 0],
    ] { #expect(!isStrict(bad), "\(bad)") }
    let deep = (0..<1_000).reduce([UInt8]()) { bytes, _ in DER.value(0x30, bytes) }
    #expect(!isStrict(deep))
  }
}
