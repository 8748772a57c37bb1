import AuthorityServer
import Catalogue
import Certificates
import Endpoints
import Etcd
import Files
import Manifests
import Reconciliation
import Reporting
import Rollover
import Segmentation
import StrictYAML
import ThrowawayEtcd

/// An error as the user sees it: one sentence, and hints what to do.
struct Complaint: Error {
  let message: String
  let hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  init(_ error: any Error) {
    switch error {
    case let error as Complaint: self = error
    case let error as EtcdError: self.init("\(error)", hint: error.hint)
    case let error as MemberRefusal: self.init("\(error)", hint: error.hint)
    case let error as RecordError: self.init("\(error)", hint: error.hint)
    case let error as LockError: self.init("\(error)", hint: error.hint)
    case let error as ApplyError: self.init("\(error)", hint: error.hint)
    case let error as StageRefusal: self.init("\(error)", hint: error.hint)
    case let error as PodListFault: self.init("\(error)", hint: error.hint)
    case let error as EnableAuthRefusal: self.init("\(error)", hint: error.hint)
    case let error as CertificatesError: self.init("\(error)", hint: error.hint)
    case let error as RolloverRefusal: self.init("\(error)", hint: error.hint)
    case let error as FileError: self.init("\(error)", hint: error.hint)
    case let error as AuthorityServerError: self.init("\(error)", hint: error.hint)
    case let error as CatalogueError: self.init("\(error)", hint: error.hint)
    case let error as EndpointError: self.init("\(error)", hint: error.hint)
    case let error as UnknownIdentity: self.init("\(error)", hint: error.hint)
    case let error as ThrowawayEtcdError: self.init("\(error)", hint: error.hint)
    // These errors contain a hint with each of their lines.
    case let error as FileFaults: self.init("\(error)")
    case let error as ManifestRefusal: self.init("\(error)", hint: error.hint)
    default: self.init("\(error)")
    }
  }

  func text(_ style: Style) -> String {
    ["\(style.bad("error:")) \(message)", hint.map { "\(style.caution("hint:")) \($0)" }].compactMap { $0 }
      .joined(separator: "\n")
  }
}
