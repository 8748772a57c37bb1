import Arguments

struct AuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authority",
    abstract: "A small enrolment server for sites without Vault: nodes request their certificates.",
    discussion: """
      On the authority's machine, once:
        bulkhead authority serve --host authority.example.org
      For each node:
        bulkhead authority token --node node-1 --to node-1.token
      Copy the token and the authority's ca.crt to the node; its agent makes the keys there.
      """,
    subcommands: [AuthorityServe.self, AuthoritySign.self, AuthorityToken.self, AuthorityAudit.self])
}
