internal import CNghttp2

/// Names and values of a request's headers, in one piece of memory, for the time of one call of nghttp2.
struct HeaderBlock {
  private var text: [UInt8] = []
  private var entries:
    [(name: StaticString?, nameLength: Int, value: StaticString?, valueLength: Int, isSecret: Bool)] = []

  /// Nothing is copied of what is the same in every request and lives as long as the program.
  mutating func add(_ name: StaticString, fixed value: StaticString) {
    entries.append((name, name.utf8CodeUnitCount, value, value.utf8CodeUnitCount, false))
  }

  mutating func add(_ name: StaticString, _ value: String) {
    text += value.utf8
    entries.append((name, name.utf8CodeUnitCount, nil, value.utf8.count, false))
  }

  /// Neither side keeps the value in its table of headers.
  mutating func add(secret name: String, _ value: String) {
    text += name.utf8
    text += value.utf8
    entries.append((nil, name.utf8.count, nil, value.utf8.count, true))
  }

  /// nghttp2 puts headers into bytes when it sends them, so values with a limited lifetime are copied here.
  func withEntries<Result>(_ body: (UnsafeBufferPointer<nghttp2_nv>) -> Result) -> Result {
    text.withUnsafeBufferPointer { text in
      var rest = UnsafeMutablePointer(mutating: text.baseAddress)
      let entries = entries.map { entry in
        var flags = entry.isSecret ? NGHTTP2_NV_FLAG_NO_INDEX.rawValue : 0
        func place(_ fixed: StaticString?, _ length: Int, _ flag: UInt32) -> UnsafeMutablePointer<UInt8>? {
          if let fixed {
            flags |= flag
            return UnsafeMutablePointer(mutating: fixed.utf8Start)
          }
          defer { rest = rest?.advanced(by: length) }
          return rest
        }
        let name = place(entry.name, entry.nameLength, NGHTTP2_NV_FLAG_NO_COPY_NAME.rawValue)
        let value = place(entry.value, entry.valueLength, NGHTTP2_NV_FLAG_NO_COPY_VALUE.rawValue)
        return nghttp2_nv(
          name: name, value: value, namelen: entry.nameLength, valuelen: entry.valueLength,
          flags: UInt8(flags))
      }
      return entries.withUnsafeBufferPointer(body)
    }
  }
}
