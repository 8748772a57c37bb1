import Cryptography
import Names

/// The only attribute of a new certificate's subject, checked for its purpose.
///
/// etcd uses the last of several CNs as the user's name, so a subject made here has exactly one CN and nothing else; or,
/// for a client that logs in with a password, one OU and no CN.
package struct SubjectName {
  package let name: CertificateName

  package var text: String { name.text }

  /// The name of a client: that of the etcd user, or of a certificate without a Common Name.
  package init(client user: String, allowRoot: Bool) throws {
    do throws(NameError) {
      try UserName.check(user)
    } catch {
      throw CertificatesError(error)
    }
    guard allowRoot || user != UserName.root else {
      throw CertificatesError(
        "a certificate for root was not asked for outright",
        hint: "root may do everything in etcd; ask for it by name")
    }
    self.name = CertificateName(user)
  }

  package init(server member: String) throws { try self.init(ServerName.member(member), as: "member name") }

  package init(peer member: String) throws { try self.init(ServerName.peer(member), as: "member name") }

  package static var authorityServer: SubjectName {
    get throws { try SubjectName(ServerName.authority, as: "server name") }
  }

  package static var probe: SubjectName {
    get throws { try SubjectName(ServerName.probe, as: "probe's name") }
  }

  package init(authority name: String) throws { try self.init(name, as: "authority's name") }

  private init(_ name: String, as kind: String) throws {
    do throws(NameError) {
      try CommonName.check(name, as: kind)
    } catch {
      throw CertificatesError(error)
    }
    self.name = .user(name)
  }

  package var distinguishedName: DistinguishedName {
    switch name {
    case .user(let name): DistinguishedName(commonName: name)
    case .transport(let name): DistinguishedName(organizationalUnit: name)
    }
  }
}

extension CertificatesError {
  /// The same error for callers that expect one of certificates.
  package init(_ error: NameError) { self.init(error.message, hint: error.advice) }
}
