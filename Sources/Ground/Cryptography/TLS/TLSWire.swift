internal import COpenSSL

/// OpenSSL's input and output in place of a socket (a BIO): two queues of bytes.
final class TLSWire {
  private var input = ByteQueue()
  var output = ByteQueue()
  /// Whether the peer's stream has ended.
  var hasEnded = false
  /// The first bytes from the peer, for the error if they are not TLS.
  private(set) var firstBytes: [UInt8] = []

  /// Creates a BIO with an unowned reference to this object, which must outlive it. The caller owns the BIO. Nil if
  /// memory is exhausted.
  func makeBIO() -> OpaquePointer? {
    guard let method = Self.method.pointer, let bio = BIO_new(method) else { return nil }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    return bio
  }

  func receive(_ bytes: RawSpan) {
    if firstBytes.count < Self.shown {
      bytes.extracting(first: Self.shown - firstBytes.count).withUnsafeBytes { firstBytes += $0 }
    }
    input.append(bytes)
  }

  private static func of(_ bio: OpaquePointer?) -> TLSWire? {
    BIO_get_data(bio).map { Unmanaged<TLSWire>.fromOpaque($0).takeUnretainedValue() }
  }

  private func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    let count = input.withBytes { bytes in
      let count = min(bytes.byteCount, buffer.count)
      bytes.extracting(first: count).withUnsafeBytes { buffer.copyMemory(from: $0) }
      return count
    }
    input.drop(count)
    return count
  }

  static let shown = 64

  /// The functions of such a BIO: created once and never changed or freed, so sharing is safe.
  private struct Method: @unchecked Sendable {
    let pointer: OpaquePointer?
  }

  private static let method: Method = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes") else {
      return Method(pointer: nil)
    }
    BIO_meth_set_read(method) { bio, buffer, count in
      shim_tls_bio_begin(bio)
      guard let wire = TLSWire.of(bio), let buffer, count > 0 else { return 0 }
      let taken = wire.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)))
      if taken > 0 { return Int32(taken) }
      if wire.hasEnded { return 0 }
      shim_tls_bio_wants_bytes(bio)
      return -1
    }
    BIO_meth_set_write(method) { bio, bytes, count in
      shim_tls_bio_begin(bio)
      guard let wire = TLSWire.of(bio), let bytes, count > 0 else { return 0 }
      wire.output.append(UnsafeRawBufferPointer(start: bytes, count: Int(count)).bytes)
      return count
    }
    BIO_meth_set_ctrl(method) { bio, command, _, _ in
      switch command {
      case BIO_CTRL_FLUSH: 1
      case BIO_CTRL_EOF: TLSWire.of(bio).map { $0.hasEnded && $0.input.isEmpty ? 1 : 0 } ?? 1
      default: 0
      }
    }
    return Method(pointer: method)
  }()
}
