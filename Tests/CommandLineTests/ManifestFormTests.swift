import Foundation
import TestSupport
import Testing

@Suite struct ManifestFormTests {
  private static let manifest = "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml"

  private func folderWithCertificates() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    #expect(try Program.bulkhead("certs", "authority", in: folder.path).code == 0)
    #expect(try Program.bulkhead("init", "--ca", "pki/ca.crt", in: folder.path).code == 0)
    #expect(try Program.bulkhead("certs", "issue", in: folder.path).code == 0)
    return folder
  }

  private func secretNames(_ text: String) -> [String] {
    text.matches(of: /secretName: (\S+)/).map { String($0.1) }
  }

  @Test func aRenewedCertificateIsANewSecret() throws {
    let folder = try folderWithCertificates()
    func segment(_ file: String, _ to: String) throws -> String {
      let outcome = try Program.bulkhead("manifest", file, "--to", to, in: folder.path)
      #expect(outcome.code == 0, "\(outcome.error)")
      return try String(contentsOfFile: "\(folder.path)/\(to)", encoding: .utf8)
    }
    let first = try segment(Self.manifest, "first.yaml")
    #expect(secretNames(first).allSatisfy { $0.wholeMatch(of: /.*-etcd-secrets-[0-9a-f]{10}/) != nil })
    #expect(first.components(separatedBy: "\nimmutable: true\n").count == 4)
    #expect(try segment("first.yaml", "second.yaml") == first)
    #expect(try Program.bulkhead("manifest", "first.yaml", "--check", in: folder.path).code == 0)

    for file in ["crt", "key"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/pki/clients/cni-plugin.\(file)")
    }
    #expect(try Program.bulkhead("certs", "issue", in: folder.path).code == 0)
    #expect(try Program.bulkhead("manifest", "first.yaml", "--check", in: folder.path).code == 2)
    let renewed = try segment("first.yaml", "renewed.yaml")
    let changed = zip(secretNames(first), secretNames(renewed)).filter { $0 != $1 }
    #expect(changed.count == 1 && changed.first?.0.hasPrefix("calico-cni-etcd-secrets-") == true)
    #expect(!renewed.contains(changed.first?.0 ?? "-"))
  }

  @Test func kustomizeDoesNotReplaceASecretInTheManifest() throws {
    let folder = try folderWithCertificates()
    func manifest(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["manifest"] + arguments + ["--secret-names", "fixed"], in: folder.path)
    }
    #expect(try manifest(Self.manifest, "--to", "first.yaml").code == 0)
    #expect(try Program.bulkhead("certs", "renew", "calico-node", "--now", in: folder.path).code == 0)
    let refused = try manifest("first.yaml", "--kustomize", "k")
    #expect(
      refused.code == 1 && refused.error.contains("holds an earlier calico-node-etcd-secrets,"),
      "\(refused.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/k"))
    // The hint, followed to the letter.
    let first = try String(contentsOfFile: "\(folder.path)/first.yaml", encoding: .utf8)
    let documents = first.components(separatedBy: "---\n")
    let without = documents.filter {
      !($0.contains("kind: Secret\n") && $0.contains("name: calico-node-etcd-secrets\n"))
    }
    #expect(without.count == documents.count - 1)
    try without.joined(separator: "---\n").write(
      toFile: "\(folder.path)/first.yaml", atomically: true, encoding: .utf8)
    let done = try manifest("first.yaml", "--kustomize", "k")
    #expect(done.code == 0, "\(done.all)")
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/kubectl") else { return }
    let built = try Program.run("/usr/bin/kubectl", ["kustomize", "k"], in: folder.path)
    #expect(built.code == 0, "\(built.error)")
    let certificate = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/pki/clients/calico-node.crt"))
    #expect(built.out.replacing(#/\s/#, with: "").contains(certificate.base64EncodedString()))
  }

  @Test func namesAreFixedOnRequestOrIfTheHashIsUnknown() throws {
    let folder = try folderWithCertificates()
    let fixed = [
      "calico-node-etcd-secrets", "calico-cni-etcd-secrets", "calico-kube-controllers-etcd-secrets",
    ]
    let plain = try Program.bulkhead("manifest", Self.manifest, "--secrets", "none", in: folder.path)
    #expect(secretNames(plain.out) == fixed)
    #expect(!plain.out.contains("checksum/etcd-certs"))
    let asked = try Program.bulkhead(
      "manifest", Self.manifest, "--secret-names", "fixed", "--secrets", "s.yaml", in: folder.path)
    #expect(secretNames(asked.out) == fixed)
    #expect(asked.out.components(separatedBy: "checksum/etcd-certs: ").count == 3)
    let hashed = try Program.bulkhead(
      "manifest", Self.manifest, "--secret-names", "hashed", "--secrets", "none", in: folder.path)
    #expect(secretNames(hashed.out).allSatisfy { !fixed.contains($0) })
  }

  /// A manifest whose Secrets have content must not be readable by others, whichever run filled them.
  @Test func filesWithKeysStayPrivate() throws {
    let folder = try folderWithCertificates()
    #expect(try Program.bulkhead("manifest", Self.manifest, "--to", "a.yaml", in: folder.path).code == 0)
    let script =
      "umask 022; '\(Program.path)' manifest a.yaml --secrets none > b.yaml; stat -c %a a.yaml b.yaml"
    #expect(try Program.run("/bin/sh", ["-c", script], in: folder.path).out == "600\n600\n")
    #expect(
      try Program.bulkhead("manifest", "a.yaml", "--kustomize", "k", in: folder.path).code == 0)
    let modes = try Program.run("/bin/sh", ["-c", "stat -c '%a' k/a.yaml"], in: folder.path)
    #expect(modes.out == "600\n")
  }

  /// A file of the user is neither replaced by the Secrets nor by a part of a kustomization.
  @Test func filesOfTheUserStay() throws {
    let folder = try folderWithCertificates()
    func run(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["manifest", Self.manifest] + arguments, in: folder.path)
    }
    func text(_ path: String) throws -> String {
      try String(contentsOfFile: "\(folder.path)/\(path)", encoding: .utf8)
    }
    let same = try run("--secrets", "x.yaml", "--to", "./x.yaml")
    #expect(same.code == 1 && same.error.contains("name one file"), "\(same.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/x.yaml"))
    let file = try text("bulkhead.yaml")
    for arguments in [["--secrets", "bulkhead.yaml"], ["--secrets", "none", "--to", "bulkhead.yaml"]] {
      let outcome = try Program.run(Program.path, ["manifest", Self.manifest] + arguments, in: folder.path)
      #expect(outcome.code == 1 && outcome.out == "", "\(outcome.all)")
    }
    #expect(try text("bulkhead.yaml") == file)
    try FileManager.default.copyItem(atPath: Self.manifest, toPath: "\(folder.path)/in.yaml")
    let input = try Program.bulkhead("manifest", "in.yaml", "--secrets", "in.yaml", in: folder.path)
    #expect(input.code == 1 && input.error.contains("in.yaml exists"), "\(input.all)")
    #expect(try text("in.yaml").contains("kind: DaemonSet"))
    // The Secrets of an earlier run are replaced, and so is an empty file.
    try "".write(toFile: "\(folder.path)/s.yaml", atomically: true, encoding: .utf8)
    for _ in 0..<2 { #expect(try run("--secrets", "s.yaml", "--to", "out.yaml").code == 0) }
    #expect(try text("s.yaml").contains("kind: Secret"))

    let folders = FileManager.default
    for (name, arguments) in [
      ("agents.yaml", [String]()), ("calico-etcd.yaml", []), ("secrets.yaml", []),
      ("mine.yaml", ["--secrets", "mine.yaml"]),
    ] {
      try folders.createDirectory(atPath: "\(folder.path)/k-\(name)", withIntermediateDirectories: true)
      try "mine: true\n".write(toFile: "\(folder.path)/k-\(name)/\(name)", atomically: true, encoding: .utf8)
      try "server: {address: https://authority.example:8443}\n".write(
        toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
      let agent = ["--via", "agent", "--agent-image", "example/bulkhead:1", "--agent-source", "source.yaml"]
      let outcome = try Program.run(
        Program.path,
        ["manifest", Self.manifest, "--kustomize", "k-\(name)"] + arguments
          + (name == "agents.yaml" ? agent + ["--secrets", "none"] : []), in: folder.path)
      #expect(outcome.code == 1 && outcome.error.contains(name), "\(name) \(outcome.all)")
      #expect(try text("k-\(name)/\(name)") == "mine: true\n")
    }
    for name in ["kustomization.yaml", "agents.yaml"] {
      #expect(try run("--secrets", name, "--kustomize", "k").code == 1)
    }
    for _ in 0..<2 { #expect(try run("--secrets", "s.yaml", "--kustomize", "k").code == 0) }
  }

  /// '-' is standard output and standard input, and a byte order mark stays.
  @Test func standardStreamsAreNamedByADash() throws {
    let folder = try folderWithCertificates()
    func run(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["manifest"] + arguments, in: folder.path)
    }
    let plain = try run(Self.manifest, "--secrets", "none")
    #expect(try run(Self.manifest, "--secrets", "none", "--to", "-").out == plain.out)
    // Private keys do not go there without the manifest.
    #expect(try run(Self.manifest, "--secrets", "-", "--to", "out.yaml").code == 64)
    #expect(try run(Self.manifest, "--secrets", "-").code == 64)
    #expect(try run(Self.manifest, "--secrets", "-", "--to", "-").code == 64)
    #expect(try run("-", "--file", "-").code == 64)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/-"))
    let script = """
      (printf '\\357\\273\\277'; cat '\(Self.manifest)') | '\(Program.path)' manifest --secrets none 2>/dev/null |
        head -c 3 | od -An -tx1
      '\(Program.path)' manifest '\(Self.manifest)' --file - --secrets s.yaml <bulkhead.yaml >/dev/null 2>&1; echo $?
      """
    let outcome = try Program.run("/bin/sh", ["-c", script], in: folder.path)
    #expect(outcome.out == " ef bb bf\n0\n", "\(outcome.all)")
  }

  @Test func theRunbookNamesThisManifestsObjects() throws {
    let folder = try TemporaryFolder()
    let outcome = try Program.bulkhead("manifest", Self.manifest, "--runbook", in: folder.path)
    #expect(outcome.code == 0)
    // Each before what needs it, and removals last.
    let order = [
      "kubectl -n kube-system get secret calico-etcd-secrets -o jsonpath='{.data.etcd-cert}'",
      "bulkhead apply --stage prepare --shared OLD-USER", "bulkhead preflight --shared OLD-USER",
      "bulkhead apply --stage switch --shared OLD-USER", "kubectl apply --server-side -f secrets.yaml",
      "kubectl apply -f segmented.yaml", "kubectl -n kube-system rollout status daemonset/calico-node",
      "\nbulkhead verify\n",
      "bulkhead apply --stage clean --shared OLD-USER --secret calico-etcd-secrets --pods -",
      "kubectl -n kube-system delete secret calico-etcd-secrets",
    ]
    var rest = outcome.out[...]
    for line in order {
      let place = try #require(rest.range(of: line), "\(line) in its place:\n\(outcome.out)")
      rest = rest[place.upperBound...]
    }
    let steps = outcome.out.matches(of: /## \d+\. (.*)\n/).map { String($0.1) }
    #expect(steps.first == "New users and roles in etcd, beside the existing ones")
    #expect(steps.last == "Last: the Secrets that nothing refers to any more")
  }

  /// If each component has its own Secret already, there is no shared user.
  @Test func theRunbookOfASegmentedManifestNamesNoSharedUser() throws {
    let folder = try folderWithCertificates()
    #expect(try Program.bulkhead("manifest", Self.manifest, "--to", "a.yaml", in: folder.path).code == 0)
    #expect(try Program.bulkhead("certs", "renew", "--now", in: folder.path).code == 0)
    let outcome = try Program.bulkhead("manifest", "a.yaml", "--runbook", in: folder.path)
    #expect(outcome.code == 0, "\(outcome.all)")
    #expect(!outcome.out.contains("OLD-USER"), "\(outcome.all)")
    for stage in ["prepare", "switch", "clean"] {
      #expect(outcome.out.contains("bulkhead apply --stage \(stage)"), "\(outcome.all)")
    }
  }

  @Test func credentialsComeFromTheHostOrFromAnAgent() throws {
    let folder = try folderWithCertificates()
    func manifest(_ arguments: String...) throws -> Program.Outcome {
      try Program.run(Program.path, ["manifest"] + arguments, in: folder.path)
    }
    let host = try manifest(Self.manifest, "--secrets", "none", "--via", "host")
    #expect(host.out.contains("path: /etc/bulkhead/cni-plugin\n"))
    #expect(try manifest(Self.manifest, "--via", "agent").code == 64)
    try "server: {address: https://authority.example:8443, ca: /etc/bulkhead-agent/etcd-ca.crt}\n".write(
      toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
    let agent = ["--via", "agent", "--agent-image", "example/bulkhead:1", "--agent-source", "source.yaml"]
    let made = try Program.run(
      Program.path, ["manifest", Self.manifest, "--secrets", "none", "--to", "a.yaml"] + agent,
      in: folder.path)
    #expect(made.code == 0, "\(made.all)")
    let again = try Program.run(
      Program.path, ["manifest", "a.yaml", "--secrets", "none", "--check"] + agent, in: folder.path)
    #expect(again.code == 0, "\(again.all)")
    let text = try String(contentsOfFile: "\(folder.path)/a.yaml", encoding: .utf8)
    #expect(text.contains("restartPolicy: Always\n") && text.contains("name: bulkhead-agent-calico-node\n"))
    let runbook = try Program.run(
      Program.path, ["manifest", Self.manifest, "--runbook"] + agent, in: folder.path)
    #expect(runbook.out.contains("## 3. The source of the agents' certificates\n"), "\(runbook.all)")
  }

  /// What the pod's agent would refuse at its start, or not find, is refused before anything is written.
  @Test func theSourceOfAPodsAgentIsReadAsTheAgentReadsIt() throws {
    let folder = try folderWithCertificates()
    func manifest(_ source: String, _ more: String...) throws -> Program.Outcome {
      try source.write(toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
      return try Program.run(
        Program.path,
        [
          "manifest", Self.manifest, "--secrets", "none", "--via", "agent", "--agent-image",
          "example/bulkhead:1",
          "--agent-source", "source.yaml",
        ] + more, in: folder.path)
    }
    let server = "server:\n  address: https://authority.example:8443\n"
    for (source, complaint) in [
      ("nonsense: true\n", "source.yaml:1:1"),
      ("server:\n\taddress: x\n", "source.yaml:"),
      (server + "  tokn: /x\n", "source.yaml:3:3"),
      (server + "  token: ${MY_NODE}\n", "source.yaml:3:"),
      (server + "  ca: /etc/bulkhead-agent/other.crt\n", "--agent-file other.crt=FILE"),
      (server + "  token: /etc/bulkhead-agent-secret/join\n", "--agent-secret SECRET"),
      ("source:\n  \(server.replacing("\n  ", with: "\n    "))certificates: []\n", "source.yaml:"),
    ] {
      let outcome = try manifest(source)
      #expect(outcome.code == 1 && outcome.error.contains(complaint), "\(source) \(outcome.all)")
      #expect(outcome.out == "")
    }
    let whole =
      "lifetime: 24h\nsource:\n  server:\n    address: https://vault.vault.svc:8443\n    ca: /etc/bulkhead-agent/own.crt\n    token: /etc/bulkhead-agent-secret/join\nlisten: 127.0.0.1:9878\n"
    let made = try manifest(whole, "--agent-file", "own.crt=pki/ca.crt", "--agent-secret", "join-token")
    #expect(made.code == 0, "\(made.all)")
    #expect(made.out.contains("own.crt: |") && made.out.contains("secretName: join-token"))
    #expect(made.out.contains("mountPath: /var/run/secrets/kubernetes.io/serviceaccount"))
    #expect(made.error.contains("a name that only the cluster's DNS resolves"), "\(made.error)")
    let kubernetes = try manifest(
      "vault:\n  address: https://vault.example\n  pki: {role: r}\n  auth: {kubernetes: {role: r}}\n")
    #expect(kubernetes.code == 0 && !kubernetes.out.contains("mountPath: /var/run/secrets/kubernetes.io/"))
    let key = try manifest(whole, "--agent-file", "own.crt=pki/ca.key", "--agent-secret", "a")
    #expect(key.code == 1 && key.error.contains("holds a private key"), "\(key.all)")
    let wrapped = try manifest(
      "vault:\n  address: https://vault.example\n  pki: {role: r}\n  auth: {appRole: {roleId: r, secretId: /etc/bulkhead-agent-secret/a, wrappedSecretId: /etc/bulkhead-agent-secret/b}}\n",
      "--agent-secret", "login")
    #expect(wrapped.code == 1 && wrapped.error.contains("cannot write in a pod"), "\(wrapped.all)")
    // Options that would have no effect.
    for more in [
      ["--agent-file", "own.crt=pki/ca.crt"], ["--agent-secret", "join-token"],
      ["--agent-memory", "--host-folder", "/x"],
    ] {
      let outcome = try Program.run(
        Program.path,
        [
          "manifest", Self.manifest, "--secrets", "none", "--via", "agent", "--agent-image", "x",
          "--agent-source", "plain.yaml",
        ]
          + more, in: folder.path)
      #expect(outcome.code == 64 || outcome.code == 1, "\(more) \(outcome.all)")
    }
    for more in [["--agent-secret", "a"], ["--agent-memory"], ["--host-folder", "/x"]] {
      let outcome = try Program.run(
        Program.path, ["manifest", Self.manifest, "--secrets", "none"] + more, in: folder.path)
      #expect(outcome.code == 64, "\(more) \(outcome.all)")
    }
  }

  /// An agent in a kustomization and in a ResourceList.
  @Test func agentsHaveTheOtherFormsToo() throws {
    let folder = try folderWithCertificates()
    try "server: {address: https://authority.example:8443}\n".write(
      toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
    let made = try Program.run(
      Program.path,
      [
        "manifest", Self.manifest, "--secrets", "none", "--via", "agent", "--agent-image",
        "example/bulkhead:1",
        "--agent-source", "source.yaml", "--kustomize", "k",
      ], in: folder.path)
    #expect(made.code == 0, "\(made.all)")
    let agents = try String(contentsOfFile: "\(folder.path)/k/agents.yaml", encoding: .utf8)
    #expect(agents.contains("name: bulkhead-agent-calico-node\n"))
    let kustomization = try String(contentsOfFile: "\(folder.path)/k/kustomization.yaml", encoding: .utf8)
    #expect(kustomization.contains("- agents.yaml\n"))
  }

  /// With node-user no pod would start in a network of another name.
  @Test func anotherNetworkThanTheFilesIsRefused() throws {
    let folder = try folderWithCertificates()
    let text = try String(contentsOfFile: Self.manifest, encoding: .utf8)
    try text.replacing("\"name\": \"k8s-pod-network\"", with: "\"name\": \"cni0\"").write(
      toFile: "\(folder.path)/other.yaml", atomically: true, encoding: .utf8)
    let refused = try Program.bulkhead("manifest", "other.yaml", "--secrets", "none", in: folder.path)
    #expect(
      refused.code == 1 && refused.error.contains("write `network: cni0` under 'calico'"), "\(refused.all)")
    // The hint, followed.
    let file = "\(folder.path)/bulkhead.yaml"
    let segmentation = try String(contentsOfFile: file, encoding: .utf8)
    try segmentation.replacing("calico:\n", with: "calico:\n  network: cni0\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try Program.bulkhead("manifest", "other.yaml", "--secrets", "none", in: folder.path).code == 0)
  }
}
