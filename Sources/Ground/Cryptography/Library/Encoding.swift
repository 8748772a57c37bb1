internal import COpenSSL

/// Encodes with an `i2d` function, called first for the length and then for the bytes.
func encode(
  _ operation: @autoclosure () -> String,
  by i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(CryptographyError) -> [UInt8] {
  let count = i2d(nil)
  guard count > 0 else { throw CryptographyError(operation()) }
  var written: Int32 = 0
  let bytes = [UInt8](unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
    var cursor = buffer.baseAddress
    written = i2d(&cursor)
    initialized = written == count ? Int(count) : 0
  }
  guard written == count else { throw CryptographyError(operation()) }
  return bytes
}

/// Encodes a secret with an `i2d` function.
func encodeSecret(
  _ operation: @autoclosure () -> String,
  by i2d: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32
) throws(CryptographyError) -> SecretBytes {
  let count = i2d(nil)
  guard count > 0 else { throw CryptographyError(operation()) }
  return try SecretBytes(count: Int(count)) { (memory) throws(CryptographyError) in
    var cursor = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
    guard i2d(&cursor) == count else { throw CryptographyError(operation()) }
  }
}

/// Decodes with a `d2i` function. The bytes must be exactly one value in strict DER.
func decode(
  _ bytes: UnsafeRawBufferPointer, _ operation: @autoclosure () -> String, freedBy free: Owned.Free,
  by d2i: (UnsafeMutablePointer<UnsafePointer<UInt8>?>, Int) -> OpaquePointer?
) throws(CryptographyError) -> OpaquePointer {
  guard let start = bytes.baseAddress, !bytes.isEmpty else {
    throw CryptographyError(operation(), because: "no bytes")
  }
  guard DER.isStrict(bytes) else { throw CryptographyError(operation(), because: "not strict DER") }
  let first = start.assumingMemoryBound(to: UInt8.self)
  var cursor: UnsafePointer<UInt8>? = first
  let value = try Owned(d2i(&cursor, bytes.count), free, operation())
  guard cursor == first + bytes.count else {
    throw CryptographyError(operation(), because: "trailing bytes")
  }
  return value.take()
}

extension [UInt8] {
  /// Like `withUnsafeBytes`, which has no typed throws in Swift 6.3.
  func lent<Result>(
    _ body: (UnsafeRawBufferPointer) throws(CryptographyError) -> Result
  ) throws(CryptographyError) -> Result {
    try withUnsafeBufferPointer { (buffer) throws(CryptographyError) -> Result in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }
}
