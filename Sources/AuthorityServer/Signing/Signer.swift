import Certificates
import Enrolment
import FoundationEssentials

/// What holds the authority's key and the ledger: in this process (``LocalSigner``) or in another one
/// (``RemoteSigner``). It checks each order by itself.
protocol Signer: Sendable {
  /// Issues a certificate.
  /// - Throws: `OrderRefusal`, `CertificatesError`, ``Refusal``, or another error for a failure of the server.
  func fill(_ order: SigningOrder) async throws -> SignedOrder

  /// - Throws: an error if it is not known.
  func state() async throws -> SignerState

  /// The current revocation list.
  /// - Parameter known: the tag of a list that need not be sent again.
  /// - Throws: an error if it is not known.
  func revocationList(known: String?) async throws -> ListAnswer
}

/// A request for a certificate, with the proof of identity of its sender.
struct SigningOrder: Sendable {
  enum Proof: Sendable {
    case token(JoinToken)
    /// The certificate to be renewed, in DER, and the signature by its key; nil from clients of a release before 0.2.0,
    /// for which only the TLS handshake proves that they have it.
    case certificate([UInt8], RenewalProof?)
    /// A service-account token, and what it proves if this process has verified it.
    case serviceAccount(String, ServiceAccountProof?)
  }

  /// In PEM.
  let csr: String
  /// The same, read.
  let request: CertificateRequest
  var proof: Proof
  /// Why a certificate is renewed early; nil if it is not.
  let reason: String?
}

/// The certificate that was issued for an order.
struct SignedOrder: Sendable {
  /// In PEM, followed by that of the authority if another authority signed it.
  let certificatePEM: String
  let serial: String
  let node: String?
  /// The authorities of etcd's server certificates in PEM.
  let etcdCA: String
}

/// The condition of a signer.
struct SignerState: Sendable {
  /// Whether certificates can be issued now.
  let isReady: Bool
  /// Whether the files on the disk are those in force.
  let isFileCurrent: Bool
  /// Requests that wait for the ledger.
  let waiting: Int
  let authorityEnds: Date
  /// The authorities that clients trust, in PEM: the authority and, during a roll-over, its successor or predecessor.
  let trusted: String
}

enum ListAnswer: Sendable {
  case none
  /// The list that the asker has.
  case same
  case list([UInt8], tag: String)
}
