import Catalogue
import Certificates
import Etcd
import Files
import Foundation
import Segmentation

/// A segmentation file with all that belongs to it on this machine.
struct Workspace {
  let file: SegmentationFile
  let segmentation: Segmentation
  let catalogue: Catalogue
  /// The folder that the file's paths are relative to.
  private let folder: String

  /// - Parameter roles: Takes this form of the catalogue's tables instead of the file's.
  init(_ option: FileOption, roles: CatalogueForm? = nil) throws {
    catalogue = try Catalogue.embedded()
    guard try FileContents.readIfPresent(option.file) != nil else {
      throw Complaint(
        "there is no file '\(option.file)'", hint: "'bulkhead init' writes one; --file names another")
    }
    var file = try SegmentationFile(
      try FileContents.readText(option.file), file: option.file, catalogue: catalogue)
    if let roles { file.calico.roles = roles }
    self.file = file
    segmentation = try Segmentation(file, catalogue: catalogue)
    folder = URL(fileURLWithPath: option.file).deletingLastPathComponent().path
  }

  /// A path of the file's, from where the program runs.
  func path(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

  var authority: String { path(file.certificates.directory) }
  var certificates: CredentialDirectory { CredentialDirectory("\(authority)/clients") }

  /// The administrator's credentials.
  var administrator: ClientCredentials {
    get throws {
      let credentials = ClientCredentials(
        authority: path(file.etcd.ca), certificate: path(file.etcd.certificate), key: path(file.etcd.key))
      for file in [credentials.authority, credentials.certificate, credentials.key] {
        _ = try FileContents.read(file)
      }
      return credentials
    }
  }

  /// The user that the administrator's certificate makes its holder.
  func applicant() throws -> String {
    try CertificateFacts.user(ofCertificateFile: path(file.etcd.certificate))
  }

  /// An identity's credentials; the first node's where each node has a certificate of its own.
  func credentials(of user: String) throws -> ClientCredentials {
    let holder = segmentation[identity: user]?.holders.first ?? CertificateHolder(client: user)
    let certificate = try certificates.certificatePath(of: holder)
    guard try FileContents.readIfPresent(certificate) != nil else {
      throw Complaint(
        "there is no certificate for '\(user)' at \(certificate)", hint: "'bulkhead certs issue' makes it")
    }
    return ClientCredentials(
      authority: path(file.etcd.ca), certificate: certificate, key: try certificates.keyPath(of: holder))
  }
}
