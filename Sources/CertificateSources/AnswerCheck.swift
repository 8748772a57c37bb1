import Credentials
import FoundationEssentials

extension CertificateSource {
  /// Gets a certificate and checks it: the key belongs to it, it is for this identity and for clients, it is
  /// valid now, and each authority of its chain signed the certificate before it.
  /// - Throws: ``SourceError``.
  package func order(_ order: CertificateOrder, now: Date) async throws -> SourcedCertificate {
    let answer: SourcedCertificate
    do {
      answer = try await certificate(for: order)
      if let authorities = answer.etcdCA {
        _ = try CertificateFacts.all(pem: authorities, source: "what \(name) gives as etcd's authority")
      }
    } catch let error as CertificatesError {
      throw SourceError("\(name): \(error)", hint: error.hint, isTransient: true)
    }
    guard let fault = answer.credential.fault(user: order.identity, now: now) else { return answer }
    throw refusal(of: answer.credential.facts, because: fault, for: order.identity)
  }

  private func refusal(
    of facts: CertificateFacts, because fault: CredentialFault, for identity: String
  ) -> SourceError {
    let begins = "the certificate that \(name) gave for \"\(identity)\" is not used: \(fault)"
    return switch fault {
    case .expired:
      SourceError(
        "\(begins) on \(facts.notAfter.formatted(.iso8601))",
        hint: "is this machine's clock right? else the source has to be given a new one", isTransient: true)
    case .notYetValid:
      SourceError(
        "\(begins), not before \(facts.notBefore.formatted(.iso8601))",
        hint: "is this machine's clock right?",
        isTransient: true)
    case .hasCommonName:
      SourceError(
        begins,
        hint:
          "let the source issue or store one without a Common Name: it is for a user that logs in with a password",
        isTransient: false)
    default:
      SourceError(begins, hint: "look at the source's role or policy for this node", isTransient: false)
    }
  }
}
