import Cryptography
import Names

/// The only Common Name of a new certificate, checked for its purpose.
///
/// etcd uses the last of several CNs as the user's name, so a subject made here has exactly one CN and nothing else.
package struct SubjectName {
  package let commonName: String
  /// Whether ``commonName`` is an Organization instead, so that the certificate has no Common Name.
  private var isOrganization = false

  /// The CN of a client: the name of the etcd user.
  package init(user: String, allowRoot: Bool) throws {
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
    self.commonName = user
  }

  package init(server member: String) throws { try self.init(ServerName.member(member), as: "member name") }

  package init(peer member: String) throws { try self.init(ServerName.peer(member), as: "member name") }

  package static var authorityServer: SubjectName {
    get throws { try SubjectName(ServerName.authority, as: "server name") }
  }

  package static var probe: SubjectName {
    get throws { try SubjectName(ServerName.probe, as: "probe's name") }
  }

  /// The name of a certificate without a Common Name, with which a check asks a server.
  package static var withoutCommonName: SubjectName {
    get throws {
      var name = try SubjectName(ServerName.probe, as: "probe's name")
      name.isOrganization = true
      return name
    }
  }

  package init(authority name: String) throws { try self.init(name, as: "authority's name") }

  private init(_ name: String, as kind: String) throws {
    do throws(NameError) {
      try CommonName.check(name, as: kind)
    } catch {
      throw CertificatesError(error)
    }
    self.commonName = name
  }

  package var distinguishedName: DistinguishedName {
    isOrganization
      ? DistinguishedName(organization: commonName) : DistinguishedName(commonName: commonName)
  }
}

extension CertificatesError {
  /// The same error for callers that expect one of certificates.
  package init(_ error: NameError) { self.init(error.message, hint: error.advice) }
}
