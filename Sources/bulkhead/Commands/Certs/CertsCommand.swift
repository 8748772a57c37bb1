import Arguments

struct CertsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "certs",
    abstract: "Certificates for their whole life: make an authority, issue, look after, renew, revoke.",
    discussion: """
      Everything that is issued is recorded in ledger.sqlite beside the authority, before it can be used.
      """,
    subcommands: [
      CertsIssue.self, CertsList.self, CertsRenew.self, CertsSign.self, CertsRevoke.self,
      CertsUnblock.self, CertsRevocationList.self, CertsInspect.self, CertsAuthority.self, CertsImport.self,
      CertsTrust.self,
      CertsMember.self,
      CertsRollover.self,
    ])
}
