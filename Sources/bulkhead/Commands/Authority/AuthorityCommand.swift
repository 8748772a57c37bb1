import Arguments

struct AuthorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authority",
    abstract: "A small enrolment server: nodes fetch their certificates, for those who have no Vault.",
    discussion: """
      On the authority's machine, once:
        bulkhead authority serve --host authority.example.org
      For each node:
        bulkhead authority token --node node-1 --to node-1.token
      Carry the token and the authority's ca.crt to the node; its agent makes the keys there.
      """,
    subcommands: [AuthorityServe.self, AuthorityToken.self])
}
