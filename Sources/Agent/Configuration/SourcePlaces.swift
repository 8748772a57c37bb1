import CertificateSources
import FoundationEssentials

/// Where the source is, and what the agent needs on its own machine to ask it.
extension AgentConfiguration {
  /// The hosts in the addresses.
  package var sourceHosts: [String] {
    let addresses: [SourceAddress] =
      switch source {
      case .server(let server): [server.address]
      case .vault(let vault): [vault.address]
      case .directory, nil: []
      }
    return (addresses + [revocationList?.source.address].compactMap(\.self))
      .compactMap { URLComponents(string: $0.url)?.host }
  }

  /// The files and folders that the agent reads for its source: authorities and credentials.
  package var sourceFiles: [String] {
    let files: [String?] =
      switch source {
      case .directory(let path): [path]
      case .server(let server): [server.authority, server.token.file]
      case .vault(let vault): [vault.authority] + vault.login.files
      case nil: []
      }
    return files.compactMap(\.self)
  }

  /// The file to which the agent writes the secret id that it has unwrapped; nil for none.
  package var writtenSecret: String? {
    guard case .vault(let vault) = source, case .appRole(_, _, let secret, .some) = vault.login else {
      return nil
    }
    return secret.file
  }
}

extension VaultSettings.Login {
  fileprivate var files: [String?] {
    switch self {
    case .token(let token), .kubernetes(_, _, let token), .jwt(_, _, let token): [token.file]
    case .appRole(_, _, let secret, let wrapped): [secret.file, wrapped]
    case .certificate(_, _, let certificate, let key): [certificate, key]
    }
  }
}
