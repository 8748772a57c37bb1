import Catalogue
import Certificates
import Files
import FoundationEssentials
import NodeDelivery
import Segmentation
import Terminal

extension Workspace {
  /// The files of an identity's certificate for a host.
  func material(of resident: Site.Resident, _ check: DeliveryCheck) throws -> CredentialMaterial {
    let holders = resident.identity.holders
    let holder =
      resident.certificateNode.flatMap { node in holders.first { $0.node == node.text } } ?? holders.first
    guard let holder else { throw CommandError("'\(resident.identity.user)' is used on no host") }
    let path = try certificates.certificatePath(of: holder)
    guard try FileContents.readIfPresent(path) != nil else {
      throw CommandError(
        "no certificate for '\(holder.name)' at \(path)",
        hint: "\(check.issuing) creates it; --as ansible and --as systemd do not need it")
    }
    try check.check(holder, at: path)
    return CredentialMaterial(
      authority: try FileContents.read(self.path(file.etcd.ca)), certificate: try FileContents.read(path),
      key: try FileContents.read(try certificates.keyPath(of: holder)))
  }

  /// The password that etcd accepts now, for the settings of a component that logs in with it.
  func usedPassword(of user: String) throws -> String {
    guard try passwords.next(of: user) == nil else {
      throw CommandError(
        "a change of the password of '\(user)' was not finished",
        hint: "'bulkhead certs renew \(user) --password' finishes it")
    }
    guard let password = try passwords.password(of: user) else {
      throw CommandError(
        "no password for '\(user)' at \(try passwords.file(of: user))",
        hint: "'bulkhead apply' creates it")
    }
    return password
  }
}
