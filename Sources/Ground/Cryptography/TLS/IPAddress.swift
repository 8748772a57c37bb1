import Glibc

/// Addresses in their usual forms.
package enum IPAddress {
  /// The 4 or 16 bytes of an address; nil where the text is a name. What stands after a % (the zone of a link-local
  /// address) is no part of it.
  package static func bytes(_ text: String) -> [UInt8]? {
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
    var sixteen = in6_addr()
    let address = text.prefix { $0 != "%" }
    guard inet_pton(AF_INET6, String(address), &sixteen) == 1 else { return nil }
    return withUnsafeBytes(of: sixteen) { Array($0) }
  }
}
