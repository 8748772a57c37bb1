import Certificates
import Enrolment
import Files
import FoundationEssentials
import Log
import Names
import Services

/// The authority's key and ledger in this process.
struct LocalSigner: Signer {
  let rules: RulesFile
  private let settings: AuthoritySettings
  private let ledger: Ledger
  private let queue: IssuingQueue
  private let list: ServedList
  /// Nil if service-account tokens are not accepted.
  let serviceAccounts: ServiceAccounts?
  let makeIssuer: @Sendable () throws -> Issuer
  /// Whether the TLS handshake is enough to prove that a client has the key of the certificate that it renews.
  private let trustsHandshake: Bool

  /// Reads the files.
  /// - Parameter trustsHandshake: false if orders come from another process, which may have been taken over: then a
  ///   renewal needs a signature by the key of the certificate.
  /// - Throws: `CertificatesError`, also if the ledger is older than the revocation list, `FileError`, or the faults of the segmentation file.
  init(_ settings: AuthoritySettings, trustsHandshake: Bool, logger: Logger) throws {
    self.settings = settings
    self.trustsHandshake = trustsHandshake
    let rules = try RulesFile(settings, logger: logger)
    let ledger = try Ledger(in: settings.directory)
    makeIssuer = {
      let rules = try rules.inForce
      return Issuer(
        rules.authority, ledger: ledger, lifetime: rules.lifetime, enrolledLifetime: rules.enrolledLifetime,
        now: Date())
    }
    try makeIssuer().checkLedgerIsCurrent()
    self.rules = rules
    self.ledger = ledger
    queue = IssuingQueue(limit: settings.limits.waiting, makeIssuer: makeIssuer)
    list = ServedList(in: settings.directory)
    serviceAccounts = settings.serviceAccounts.map(ServiceAccounts.init)
  }

  func fill(_ order: SigningOrder) async throws -> SignedOrder {
    let proof: EnrolmentOrder.Proof
    let rules = rules.rules
    switch order.proof {
    case .token(let token): proof = .token(token)
    case .certificate(let der, let signed):
      guard signed != nil || trustsHandshake else {
        throw OrderRefusal(
          .unproven, "the renewal is not signed with the key of the certificate that it renews",
          hint:
            "update the agent to 0.2.0 or later; until then start 'bulkhead authority sign' with --accept-old-agents"
        )
      }
      proof = .certificate(der, try signed.map { try order.signature($0) })
    case .serviceAccount(_, let known?): proof = .vouched(try rules.named(known.entitlement), known.use)
    case .serviceAccount(let token, nil):
      let proved = try await proved(token)
      proof = .vouched(try rules.named(proved.entitlement), proved.use)
    }
    let filled = try await queue.fill(
      try EnrolmentOrder(order.request, proof: proof, reason: order.reason) {
        (name, entitlement) throws(OrderRefusal) in
        try rules.holder(of: name, by: entitlement)
      })
    return SignedOrder(
      certificatePEM: filled.certificatePEM, serial: filled.serial, node: filled.holder.node,
      etcdCA: rules.etcdCA)
  }

  /// What a service-account token proves.
  /// - Throws: `OrderRefusal`, or another error for a failure of the server.
  func proved(_ token: String) async throws -> ServiceAccountProof {
    guard let serviceAccounts else {
      throw OrderRefusal(
        .unproven, "service-account tokens are not accepted by the signer",
        hint: "start 'bulkhead authority sign' with --kubernetes-keys FILE and --kubernetes-issuer")
    }
    return try await serviceAccounts.proof(of: token, now: Date())
  }

  func state() async throws -> SignerState {
    let rules = self.rules.rules
    let trusted = try FileContents.readRegularIfPresent("\(settings.directory)/trust.crt")
    return SignerState(
      isReady: self.rules.isAuthorityInPlace && rules.authority.facts.isValid(at: Date())
        && ledger.isReadable && isLedgerCurrent,
      isFileCurrent: self.rules.isCurrent, waiting: await queue.length,
      authorityEnds: rules.authority.facts.notAfter,
      trusted: rules.authority.certificatePEM + (trusted.map { String(decoding: $0, as: UTF8.self) } ?? ""))
  }

  private var isLedgerCurrent: Bool { (try? makeIssuer().checkLedgerIsCurrent()) != nil }

  func revocationList(known: String?) async throws -> ListAnswer { list.answer(known: known) }

  /// A certificate for the server's own names, for the key of a request.
  /// - Returns: the certificate in PEM, followed by that of the authority if another authority signed it.
  func serverCertificate(_ request: CertificateRequest, for hosts: [HostName]) throws -> String {
    try makeIssuer().signServer(request, for: hosts)
  }
}

extension SigningOrder {
  /// - Throws: `OrderRefusal` if the signature is not base64.
  fileprivate func signature(_ proof: RenewalProof) throws(OrderRefusal) -> RenewalSignature {
    guard let signature = Data(base64Encoded: proof.signature) else {
      throw OrderRefusal(
        .unproven, "the signature of the renewal is not base64", hint: "encode it with base64 -w0")
    }
    return RenewalSignature(
      of: RenewalProof.text(time: proof.time, reason: reason, csr: csr), Array(signature),
      at: Date(timeIntervalSince1970: Double(proof.time)))
  }
}
