import Errors

/// A certificate request received over the network, with the proof of identity of its sender.
package struct EnrolmentOrder: Sendable {
  package enum Proof: Sendable {
    case token(JoinToken)
    /// The certificate to be renewed, in DER, and the signature of the request by its key. The signature may be nil
    /// only if this process has seen in the TLS handshake that the sender has the key.
    case certificate([UInt8], RenewalSignature?)
    /// An entitlement from a Kubernetes token that was already verified.
    case vouched(Entitlement, TokenUse)
  }

  /// Decides for which holder the certificate is, from the Common Name and the entitlement.
  package typealias Decision = @Sendable (String, Entitlement) throws(OrderRefusal) -> CertificateHolder

  let request: CertificateRequest
  let proof: Proof
  /// Why a certificate is renewed before a third of its lifetime has passed; nil if it is not.
  let reason: RenewalReason?
  let decide: Decision

  /// - Parameter reason: a word of ``RenewalReason``.
  /// - Throws: ``OrderRefusal`` if it is another word.
  package init(
    _ request: CertificateRequest, proof: Proof, reason: String? = nil, decide: @escaping Decision
  ) throws(OrderRefusal) {
    self.request = request
    self.proof = proof
    self.reason = try reason.map { word throws(OrderRefusal) in try RenewalReason(word: word) }
    self.decide = decide
  }
}

/// What a proof of identity allows, independent of the request.
package struct Entitlement: Hashable, Sendable {
  /// The node whose identities are allowed; nil for identities that belong to no node.
  package let node: String?
  /// The allowed components, or the names of identities without a component; nil for all of the node.
  package let components: [String]?

  package init(node: String?, components: [String]?) {
    self.node = node
    self.components = components
  }
}

/// Why an order was refused, with a hint.
package struct OrderRefusal: ExplainedError, Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// The sender's identity is not proved.
    case unproven
    /// The sender may not have this certificate.
    case forbidden
  }

  package let kind: Kind
  package let message: String
  package let hint: String?

  package var description: String { message }

  package init(_ kind: Kind, _ message: String, hint: String) {
    self.kind = kind
    self.message = message
    self.hint = hint
  }
}

/// The certificate that was issued for an order.
package struct FilledOrder: Sendable {
  /// The certificate in PEM, followed by that of the authority if another authority signed it.
  package let certificatePEM: String
  /// Lower-case hexadecimal.
  package let serial: String
  package let holder: CertificateHolder
}
