import Cryptography
import Foundation
import HTTP

/// A Vault or OpenBao server that the environment names as for its command line: `VAULT_ADDR`, `VAULT_TOKEN`,
/// `VAULT_CACERT`, `VAULT_NAMESPACE`. It gets engines and auth methods under random names, which are removed.
package struct RealVault: Sendable {
  package static let address = ProcessInfo.processInfo.environment["VAULT_ADDR"]
  package static let authority = ProcessInfo.processInfo.environment["VAULT_CACERT"]
  /// Whether it can reach a server that a test starts on 127.0.0.1.
  package static let isHere =
    address.flatMap { URL(string: $0)?.host() }.map { ["127.0.0.1", "localhost"].contains($0) } ?? false
  package static let namespace = ProcessInfo.processInfo.environment["VAULT_NAMESPACE"]
  private static let token = ProcessInfo.processInfo.environment["VAULT_TOKEN"] ?? ""

  package let pki: String
  package let keyValue: String
  package let appRole: String
  package let certificates: String
  package let kubernetes: String
  package let jwt: String
  package let transit: String
  package let roleID: String
  package let secretID: String
  private let policy: String

  /// Prepares engines whose role `calico` allows these identities, and an AppRole that may use them.
  package static func with<Result: Sendable>(
    identities: [String], _ body: (RealVault) async throws -> Result
  ) async throws -> Result {
    let name = "bulkhead-test-\(UUID().uuidString.prefix(8).lowercased())"
    let (pki, keyValue, appRole) = ("\(name)-pki", "\(name)-kv", "\(name)-approle")
    let (certificates, kubernetes, jwt) = ("\(name)-cert", "\(name)-kubernetes", "\(name)-jwt")
    let transit = "\(name)-transit"
    func remove() async {
      for path in [
        "sys/mounts/\(pki)", "sys/mounts/\(keyValue)", "sys/auth/\(appRole)", "sys/auth/\(certificates)",
        "sys/auth/\(kubernetes)", "sys/auth/\(jwt)", "sys/mounts/\(transit)",
      ] {
        _ = try? await call("DELETE", path)
      }
      _ = try? await call("DELETE", "sys/policies/acl/\(name)")
    }
    do {
      try await call("POST", "sys/mounts/\(pki)", ["type": "pki"])
      try await call("POST", "\(pki)/root/generate/internal", ["common_name": "test", "key_type": "ec"])
      try await call(
        "POST", "\(pki)/roles/calico",
        [
          "allowed_domains": identities.joined(separator: ","), "allow_bare_domains": true,
          "enforce_hostnames": false, "server_flag": false, "client_flag": true, "ttl": "600s",
          "key_type": "any",
        ])
      try await call("POST", "sys/mounts/\(keyValue)", ["type": "kv", "options": ["version": "2"]])
      let policy =
        "path \"\(pki)/sign/calico\" { capabilities = [\"update\"] }\n"
        + "path \"\(keyValue)/data/*\" { capabilities = [\"read\"] }\n"
      try await call("PUT", "sys/policies/acl/\(name)", ["policy": policy])
      try await call("POST", "sys/auth/\(appRole)", ["type": "approle"])
      try await call("POST", "auth/\(appRole)/role/node", ["token_policies": name])
      let role = try await call("GET", "auth/\(appRole)/role/node/role-id")
      let secret = try await call("POST", "auth/\(appRole)/role/node/secret-id", [:])
      let result = try await body(
        RealVault(
          pki: pki, keyValue: keyValue, appRole: appRole, certificates: certificates, kubernetes: kubernetes,
          jwt: jwt, transit: transit,
          roleID: role["role_id"] as? String ?? "", secretID: secret["secret_id"] as? String ?? "",
          policy: name))
      await remove()
      return result
    } catch {
      await remove()
      throw error
    }
  }

  /// Stores a secret in the KV engine.
  package func store(_ fields: [String: String], as path: String) async throws {
    try await Self.call("POST", "\(keyValue)/data/\(path)", ["data": fields])
  }

  /// Allows logins with a certificate of this authority and name; the token lasts this long.
  package func admit(_ name: String, of authority: String, lasting: Duration) async throws {
    try await Self.call("POST", "sys/auth/\(certificates)", ["type": "cert"])
    try await Self.call(
      "POST", "auth/\(certificates)/certs/node",
      [
        "certificate": authority, "allowed_common_names": [name], "token_policies": policy,
        "token_ttl": "\(lasting.components.seconds)s",
      ])
  }

  /// Moves the key of an authority into the engine transit, as `Examples/signer/vault-transit-import` does, and names
  /// `Examples/signer/vault-transit` as the program that signs.
  package func takeKey(of pki: String) async throws {
    try await Self.call("POST", "sys/mounts/\(transit)", ["type": "transit"])
    _ = try run("vault-transit-import", [pki, "ca"], of: "signer")
    // The words that it wrote, with the environment that this server needs.
    let file = "\(pki)/ca.signer"
    let words = try String(contentsOfFile: file, encoding: .utf8)
    let environment = ["PATH=\(Self.path)", "TRANSIT_MOUNT=\(transit)"].joined(separator: "\n")
    try "/usr/bin/env\n\(environment)\n\(words)".write(toFile: file, atomically: false, encoding: .utf8)
  }

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path
  private static let path =
    "\(root)/.tools/openbao:\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"

  /// Ends the tokens of all logins with a certificate.
  package func endLogins() async throws {
    try await Self.call("POST", "sys/leases/revoke-prefix/auth/\(certificates)/login", ["sync": true])
  }

  /// Runs a script of `Examples` against the server, with these mounts.
  /// - Parameter folder: `vault` or `signer`.
  /// - Returns: what it wrote.
  package func run(_ script: String, _ arguments: [String], of folder: String = "vault") throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["\(Self.root)/Examples/\(folder)/\(script)"] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = Self.path
    environment["PKI_MOUNT"] = pki
    environment["AUTH_MOUNT"] = script == "app-role" ? appRole : jwt
    environment["TRANSIT_MOUNT"] = transit
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Refused(description: "\(script): \(output)") }
    return output
  }

  /// Whether a program is there that the scripts need.
  package static var hasProgram: Bool {
    path.split(separator: ":").contains { folder in
      ["vault", "bao"].contains { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }
  }

  /// Changes the role `calico`, so that it signs certificates without a Common Name.
  package func allowWithoutCommonName(as unit: String) async throws {
    try await Self.call(
      "POST", "\(pki)/roles/calico",
      [
        "require_cn": false, "ou": unit, "key_type": "any", "server_flag": false, "client_flag": true,
        "ttl": "600s",
      ])
  }

  /// Allows logins with this service account of `kube-system`, as confirmed by a cluster's API server.
  package func admit(
    serviceAccount: String, audience: String, by server: APIServer, reviewer: String
  ) async throws {
    try await Self.call("POST", "sys/auth/\(kubernetes)", ["type": "kubernetes"])
    try await Self.call(
      "POST", "auth/\(kubernetes)/config",
      [
        "kubernetes_host": server.url, "kubernetes_ca_cert": server.authority, "token_reviewer_jwt": reviewer,
        "disable_local_ca_jwt": true,
      ])
    try await Self.call(
      "POST", "auth/\(kubernetes)/role/node",
      [
        "bound_service_account_names": [serviceAccount], "bound_service_account_namespaces": ["kube-system"],
        "audience": audience, "token_policies": policy,
      ])
  }

  /// - Returns: the field `data` of the answer.
  @discardableResult
  private static func call(
    _ method: String, _ path: String, _ body: [String: Any]? = nil
  ) async throws -> [String: Any] {
    guard let target = WebAddress("\(address ?? "")/v1/\(path)") else {
      throw Refused(description: "VAULT_ADDR is no address")
    }
    var fields: Fields = ["X-Vault-Token": token]
    if let namespace { fields.append("X-Vault-Namespace", namespace) }
    var content = RequestBody.none
    if let body { content = .bytes(Array(try JSONSerialization.data(withJSONObject: body))) }
    let trust = try authority.map {
      TLSTrust.authorities(try Certificate.all(pem: Array(Data(contentsOf: URL(fileURLWithPath: $0)))))
    }
    let client = Client(tls: try .client(trusting: trust ?? .system))
    let response = try await client.send(Method(method), to: target, fields: fields, body: content)
    guard (200..<300).contains(response.status.code) else {
      throw Refused(
        description: "\(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
    }
    guard !response.body.isEmpty else { return [:] }
    let answer = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    return answer?["data"] as? [String: Any] ?? [:]
  }

  package struct Refused: Error, CustomStringConvertible {
    package let description: String
  }
}
