import Cryptography

/// How an authority depends on others: whether what trusts one of them may accept its certificates too.
package enum AuthorityOrigin: Hashable, Sendable {
  /// It has the key of one of them.
  case same
  /// One of them has signed it, or an authority between the two.
  case signed
  /// It is self-signed, and has another key.
  case separate
  /// Its issuer is not known, so it is not known whether one of them has signed that.
  case unknown

  /// - Parameters:
  ///   - authority: its certificate in PEM, and those between it and a root if they are known.
  ///   - source: its origin, for messages.
  ///   - others: the certificates of the others in PEM.
  ///   - otherSource: their origin, for messages.
  /// - Throws: ``CertificatesError`` if a text contains no certificate.
  package init(of authority: String, source: String, among others: String, otherSource: String) throws {
    var chain = try PEMText(text: authority, source: source).certificates()[...]
    let others = try PEMText(text: others, source: otherSource).certificates()
    guard var current = chain.popFirst() else {
      throw CertificatesError("\(source) contains no certificate", hint: "give a CA certificate in PEM")
    }
    while true {
      let key = try? current.publicKey
      if key != nil, others.contains(where: { (try? $0.publicKey) == key }) {
        self = .same
        return
      }
      if others.contains(where: { $0.hasSigned(current) }) {
        self = .signed
        return
      }
      if current.hasSigned(current) {
        self = .separate
        return
      }
      guard let next = chain.firstIndex(where: { $0.hasSigned(current) }) else {
        self = .unknown
        return
      }
      current = chain.remove(at: next)
    }
  }
}

extension Certificate {
  /// Whether the key of this certificate has signed the other one.
  package func hasSigned(_ other: Certificate) -> Bool {
    guard other.issuer == subject, let publicKey = try? publicKey else { return false }
    return other.isSigned(by: publicKey)
  }
}
