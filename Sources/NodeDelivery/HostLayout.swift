/// Where files are on the hosts, and who reads them.
package struct HostLayout: Sendable {
  /// The folder that contains the credential folders of all components, such as `/etc/bulkhead`.
  package let base: String
  package let readers: CredentialReader.Rules

  package init(base: String, readers: CredentialReader.Rules) {
    self.base = base
    self.readers = readers
  }

  package func folder(of resident: Site.Resident) -> CredentialFolder {
    CredentialFolder(of: resident, in: base, readers)
  }
}
