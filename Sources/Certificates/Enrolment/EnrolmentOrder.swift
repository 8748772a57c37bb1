/// A request for a certificate that came from afar, and what proves who asks.
package struct EnrolmentOrder: Sendable {
  package enum Proof: Sendable {
    case token(JoinToken)
    /// The certificate that is to be renewed, in DER; that its holder has the key is known already.
    case certificate([UInt8])
    /// Somebody else vouches for the one who asks, and has been checked already.
    case vouched(Entitlement)
  }

  /// Says for whom the certificate is, by its Common Name and what the proof entitles to.
  package typealias Decision = @Sendable (String, Entitlement) throws(OrderRefusal) -> CertificateHolder

  let request: CertificateRequest
  let proof: Proof
  let decide: Decision

  package init(_ request: CertificateRequest, proof: Proof, decide: @escaping Decision) {
    self.request = request
    self.proof = proof
    self.decide = decide
  }
}

/// What a proof entitles to, whatever is asked for.
package struct Entitlement: Hashable, Sendable {
  /// Whose identities; nil for those that belong to no node.
  package let node: String?
  /// Which of them, by the component's name or that of an identity without one; nil for all of the node's.
  package let components: [String]?

  package init(node: String?, components: [String]?) {
    self.node = node
    self.components = components
  }
}

/// Why an order was not filled: one sentence, and what to do about it.
package struct OrderRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Hashable, Sendable {
    /// It is not proven who asks.
    case unproven
    /// Who asks may not have this.
    case forbidden
  }

  package let kind: Kind
  package let message: String
  package let hint: String

  package var description: String { message }

  package init(_ kind: Kind, _ message: String, hint: String) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }
}

/// What an order brought.
package struct FilledOrder: Sendable {
  /// The certificate in PEM, with the authority's after it where another authority has signed that.
  package let certificatePEM: String
  /// Lower-case hexadecimal.
  package let serial: String
  package let holder: CertificateHolder
}
