internal import COpenSSL
import Glibc

/// What errors show of a certificate that OpenSSL holds.
enum PeerCertificate {
  static func subject(_ certificate: OpaquePointer) -> String { text(X509_get_subject_name(certificate)) }

  static func issuer(_ certificate: OpaquePointer) -> String { text(X509_get_issuer_name(certificate)) }

  /// Seconds after 1970; the end of time where there is no such point.
  static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64 {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return .max }
    return Int64(timegm(&parts))
  }

  /// The DNS names and IP addresses that it is for.
  static func names(_ certificate: OpaquePointer) -> [String] {
    guard let names = shim_tls_names(certificate) else { return [] }
    defer { GENERAL_NAMES_free(names) }
    return (0..<shim_tls_name_count(names)).compactMap { index in
      guard let name = shim_tls_name(names, index) else { return nil }
      let bytes = UnsafeRawBufferPointer(
        start: ASN1_STRING_get0_data(name), count: Int(ASN1_STRING_length(name)))
      if shim_tls_name_kind(names, index) == GEN_IPADD { return address(bytes) }
      return String(decoding: bytes.map { $0 >= 0x20 && $0 < 0x7f ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
  }

  private static func address(_ bytes: UnsafeRawBufferPointer) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// As in "CN=etcd-ca,O=Example" (RFC 2253), with what is not printable escaped.
  private static func text(_ name: OpaquePointer?) -> String {
    guard let memory = try? MemoryBIO(), shim_tls_print_name(memory.pointer, name) >= 0 else { return "?" }
    let text = String(decoding: memory.bytes(), as: UTF8.self)
    return text.isEmpty ? "(no name)" : text
  }
}
