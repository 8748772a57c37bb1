import Certificates
import Cryptography
import Enrolment
import FoundationEssentials
import HTTP

// How orders and answers become messages, and messages orders and answers.

extension SigningOrder {
  /// A message that is not an order.
  struct Malformed: Error {}

  private enum ProofKind {
    static let token = "token"
    static let certificate = "certificate"
    static let serviceAccount = "service-account"
  }

  /// Reads an order, and checks again what the front has checked: nothing of it is trusted.
  /// - Throws: ``Malformed``, `CertificatesError`.
  init(_ frame: SignerFrame) throws {
    // A front of a release before 0.2.0 sends four fields.
    guard let csr = frame.text(0), let kind = frame.text(1), [4, 6].contains(frame.fields.count) else {
      throw Malformed()
    }
    let proof: Proof
    switch kind {
    case ProofKind.token:
      guard let token = frame.text(2).flatMap(JoinToken.init) else { throw Malformed() }
      proof = .token(token)
    case ProofKind.certificate: proof = .certificate(frame.fields[2], try RenewalProof(frame))
    case ProofKind.serviceAccount:
      guard let token = frame.text(2) else { throw Malformed() }
      proof = .serviceAccount(token, nil)
    default: throw Malformed()
    }
    self.init(csr: csr, request: try CertificateRequest(pem: csr), proof: proof, reason: frame.text(3))
  }

  func frame(_ number: UInt64) -> SignerFrame {
    let (kind, content, signed): (String, [UInt8], RenewalProof?) =
      switch proof {
      case .token(let token): (ProofKind.token, Array(token.secretText.utf8), nil)
      case .certificate(let der, let signed): (ProofKind.certificate, der, signed)
      case .serviceAccount(let token, _): (ProofKind.serviceAccount, Array(token.utf8), nil)
      }
    let texts = [reason, signed.map { "\($0.time)" }, signed?.signature].map { Array(($0 ?? "").utf8) }
    return SignerFrame(number, .fill, [Array(csr.utf8), Array(kind.utf8), content] + texts)
  }
}

extension RenewalProof {
  /// - Returns: nil if the message has none.
  /// - Throws: ``SigningOrder/Malformed``.
  fileprivate init?(_ frame: SignerFrame) throws {
    guard let signature = frame.text(5) else { return nil }
    guard let time = frame.text(4).flatMap({ Int64($0) }) else { throw SigningOrder.Malformed() }
    self.init(time: time, signature: signature)
  }
}

extension SignedOrder {
  init(_ frame: SignerFrame) throws {
    guard let certificate = frame.text(0), let serial = frame.text(1), let etcdCA = frame.text(3) else {
      throw SigningOrder.Malformed()
    }
    self.init(certificatePEM: certificate, serial: serial, node: frame.text(2), etcdCA: etcdCA)
  }
}

extension SignerState {
  init(_ frame: SignerFrame) throws {
    guard let ready = frame.text(0), let current = frame.text(1),
      let waiting = frame.text(2).flatMap({ Int($0) }),
      let ends = frame.text(3).flatMap({ Double($0) }), let trusted = frame.text(4)
    else { throw SigningOrder.Malformed() }
    self.init(
      isReady: ready == "1", isFileCurrent: current == "1", waiting: waiting,
      authorityEnds: Date(timeIntervalSince1970: ends), trusted: trusted)
  }
}

extension ListAnswer {
  init(_ frame: SignerFrame) throws {
    switch frame.fields.count {
    case 0: self = .none
    case 1: self = .same
    case 2:
      guard let tag = frame.text(1) else { throw SigningOrder.Malformed() }
      self = .list(frame.fields[0], tag: tag)
    default: throw SigningOrder.Malformed()
    }
  }
}

extension SignerFrame {
  init(_ number: UInt64, _ state: SignerState) {
    self.init(
      number, .done,
      texts: [
        state.isReady ? "1" : "0", state.isFileCurrent ? "1" : "0", "\(state.waiting)",
        "\(state.authorityEnds.timeIntervalSince1970)", state.trusted,
      ])
  }

  init(_ number: UInt64, _ answer: ListAnswer) {
    switch answer {
    case .none: self.init(number, .done)
    case .same: self.init(number, .done, texts: [""])
    case .list(let bytes, let tag): self.init(number, .done, [bytes, Array(tag.utf8)])
    }
  }

  init(_ number: UInt64, error: any Error) {
    if let refusal = error as? OrderRefusal {
      let kind = refusal.kind == .unproven ? "unproven" : "forbidden"
      self.init(number, .refused, texts: [kind, refusal.message, refusal.hint])
    } else {
      let refusal = Refusal(error)
      self.init(
        number, .failed,
        texts: ["\(refusal.status.code)", refusal.message, refusal.hint, refusal.retryAfter.map { "\($0)" }])
    }
  }

  /// The message, if it is an answer without an error.
  /// - Throws: `OrderRefusal`, ``Refusal`` or ``SigningOrder/Malformed``.
  func checked() throws -> SignerFrame {
    switch kind {
    case .done: return self
    case .refused:
      throw OrderRefusal(
        text(0) == "unproven" ? .unproven : .forbidden, text(1) ?? "the signer refuses the request",
        hint: text(2) ?? "the signer's log says why")
    case .failed:
      throw Refusal(
        Status(text(0).flatMap { Int($0) } ?? 503), text(1) ?? "the signer cannot issue a certificate",
        hint: text(2), retryAfter: text(3).flatMap { Int($0) })
    case .fill, .state, .list, .server: throw SigningOrder.Malformed()
    }
  }
}
