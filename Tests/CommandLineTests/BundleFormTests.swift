import Foundation
import TestSupport
import Testing

/// `bundle` as users run it.
@Suite struct BundleFormTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let file = "\(folder.path)/bulkhead.yaml"
    #expect(
      try bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico-node", "--component", "cni-plugin")
        .code == 0)
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "isolation: node-user\nnodes: nodes.txt\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    try "n1\nn2\n".write(toFile: "\(folder.path)/nodes.txt", atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "authority").code == 0)
  }

  private func bulkhead(_ arguments: String..., input: String? = nil) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path, input: input)
  }

  @Test func aDirectoryNeedsTheCertificatesAndIsWrittenOnce() throws {
    let early = try bulkhead("bundle", "--as", "directory", "--to", "bundle")
    #expect(early.code == 1 && early.error.contains("certs issue"), "\(early.all)")
    #expect(try bulkhead("certs", "issue").code == 0)
    let first = try bulkhead("bundle", "--as", "directory", "--to", "bundle")
    #expect(first.code == 0 && first.out.contains("directory for 2 nodes"), "\(first.all)")
    let second = try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--output", "json")
    #expect(second.out.contains("\"written\" : 0"), "\(second.all)")
    let sums = try Program.run(
      "/usr/bin/sha256sum", ["--check", "SHA256SUMS"], in: "\(folder.path)/bundle/n2")
    #expect(sums.code == 0 && sums.out.contains("etc/bulkhead/cni-plugin/etcd-key: OK"), "\(sums.all)")
    #expect(try Program.run("/usr/bin/find", ["bundle", "-perm", "/077"], in: folder.path).out.isEmpty)
    let key = try String(
      contentsOfFile: "\(folder.path)/bundle/n2/etc/bulkhead/cni-plugin/etcd-key", encoding: .utf8)
    #expect(
      try key == String(contentsOfFile: "\(folder.path)/pki/clients/cni-plugin.n2.key", encoding: .utf8))
  }

  @Test func filesOfARemovedNodeAreReportedAndRemovedOnRequest() throws {
    #expect(try bulkhead("certs", "issue").code == 0)
    #expect(try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--settings", "all").code == 0)
    try "n1\n".write(toFile: "\(folder.path)/nodes.txt", atomically: true, encoding: .utf8)
    func exists(_ path: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(folder.path)/bundle/\(path)")
    }
    func write(_ path: String) throws {
      try "mine".write(toFile: "\(folder.path)/bundle/\(path)", atomically: true, encoding: .utf8)
    }
    let key = "etc/bulkhead/cni-plugin/etcd-key"
    for _ in 1...2 {
      let named = try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--settings", "all")
      #expect(named.code == 0 && named.out.contains("no longer part of it: n2/\n"), "\(named.all)")
      #expect(named.error.contains("--prune") && exists("n2/\(key)"))
    }
    // Files that were changed since they were written, or that it never wrote, are not removed.
    try write("n2/settings/etc/calico/calico.env")
    try write("n2/etc/notes")
    let pruned = try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--settings", "all", "--prune")
    #expect(pruned.code == 0 && pruned.out.contains("removed: n2/\n"), "\(pruned.all)")
    #expect(
      pruned.out.contains("changed by someone else: n2/settings/etc/calico/calico.env"), "\(pruned.all)")
    #expect(!exists("n2/etc/bulkhead") && !exists("n2/install"))
    #expect(exists("n2/settings/etc/calico/calico.env") && exists("n2/etc/notes") && exists("n1/\(key)"))
    // Paths in the list that lead out of the folder are ignored.
    let outside = "\(folder.path)/outside"
    try "mine".write(toFile: outside, atomically: true, encoding: .utf8)
    let list = "\(folder.path)/bundle/SHA256SUMS"
    let sum = try Program.run("/usr/bin/sha256sum", ["../outside"], in: "\(folder.path)/bundle").out
    try (String(contentsOfFile: list, encoding: .utf8) + sum).write(
      toFile: list, atomically: true, encoding: .utf8)
    #expect(
      try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--settings", "all", "--prune").code == 0)
    #expect(FileManager.default.fileExists(atPath: outside))
    let sums = try Program.run(
      "/usr/bin/sha256sum", ["--check", "--quiet", "--ignore-missing", "SHA256SUMS"],
      in: "\(folder.path)/bundle")
    #expect(!sums.all.contains("n1/"), "\(sums.all)")
  }

  @Test func inspectTellsWhetherACertificateCanStayInUse() throws {
    #expect(try bulkhead("certs", "issue").code == 0)
    let file = "pki/clients/cni-plugin.n1.crt"
    let good = try bulkhead("certs", "inspect", file, "--for", "cni-plugin.n1")
    #expect(good.code == 0, "\(good.all)")
    let other = try bulkhead("certs", "inspect", file, "--for", "cni-plugin.n2")
    #expect(other.code == 2 && other.out.contains("cannot stay in use"), "\(other.all)")
    #expect(try bulkhead("certs", "inspect", file, "--for", "unknown").code == 1)
    #expect(try bulkhead("certs", "revoke", "cni-plugin.n1").code == 0)
    let revoked = try bulkhead("certs", "inspect", file, "--for", "cni-plugin.n1")
    #expect(revoked.code == 2 && revoked.out.contains("it was revoked"), "\(revoked.all)")
    // Another authority takes the place of the first.
    let pki = "\(folder.path)/pki"
    for name in ["ca.crt", "ca.key"] { try FileManager.default.removeItem(atPath: "\(pki)/\(name)") }
    #expect(try bulkhead("certs", "authority", "--name", "another").code == 0)
    let foreign = try bulkhead("certs", "inspect", "pki/clients/cni-plugin.n2.crt", "--for", "cni-plugin.n2")
    #expect(foreign.code == 2 && foreign.out.contains("signed by another authority"), "\(foreign.all)")
  }

  @Test func peopleAndAccounts() throws {
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "calicoctl: [{user: alice, access: full}, {user: Bob, access: read-only}]\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "issue").code == 0)
    let bundle = try bulkhead(
      "bundle", "--as", "directory", "--to", "bundle", "--settings", "calicoctl", "--owner",
      "alice=asmith:ops")
    #expect(bundle.code == 0 && bundle.error.contains("only root can read the keys of Bob"), "\(bundle.all)")
    let files = try String(contentsOfFile: "\(folder.path)/bundle/alice/FILES", encoding: .utf8)
    #expect(files.contains("whole 0440 asmith ops /etc/bulkhead/alice/etcd-key\n"), "\(files)")
    #expect(files.contains("/etc/bulkhead/alice/calicoctl.cfg\n"), "\(files)")
    for wrong in ["alice", "alice=a b", "alice=a:b:c", "=a"] {
      let refused = try bulkhead("bundle", "--as", "directory", "--to", "bundle", "--owner", wrong)
      #expect(refused.code == 64, "\(refused.all)")
    }
    try "directory: {path: /x}\n".write(
      toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
    let agents = try bulkhead("bundle", "--as", "systemd", "--to", "agents", "--source", "source.yaml")
    #expect(agents.code == 0 && agents.error.contains("no agent for alice, Bob"), "\(agents.all)")
    // Where the package has the program.
    let unit = "\(folder.path)/agents/n1/etc/systemd/system/bulkhead-agent.service"
    #expect(
      try String(contentsOfFile: unit, encoding: .utf8).contains(
        "\nExecStart=/usr/bin/bulkhead-agent agent --config /etc/bulkhead/agent.yaml\n"))
    // A variable without a value on the hosts.
    try "directory: {path: \"/x/${NODE_NAME}/${OTHER}\"}\n".write(
      toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
    let unset = try bulkhead("bundle", "--as", "systemd", "--to", "agents", "--source", "source.yaml")
    #expect(
      unset.code == 1 && unset.error.contains("only ${CREDENTIALS_DIRECTORY}, ${NODE_NAME} can be used"),
      "\(unset.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/agents/alice"))
  }

  @Test func wrongUsageHasItsExitCode() throws {
    #expect(
      try bulkhead("bundle", "--as", "directory", "--to", "b", "--cni-copy", "/etc/cni/net.d/calico-tls").code
        == 64)
    #expect(try bulkhead("bundle", "--as", "systemd", "--to", "b").code == 64)
    #expect(try bulkhead("bundle", "--as", "directory", "--to", "b", "--settings", "felx").code == 64)
    #expect(try bulkhead("bundle", "--as", "directory", "--to", "b", "--folder", "etc").code == 64)
  }

  @Test func secretsAreNotInUserDataAndOtherBytesAreKept() throws {
    func write(_ text: String, _ name: String) throws {
      try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
    }
    try write("directory: {path: /x}\n", "source.yaml")
    try write("-----BEGIN EC PRIVATE KEY-----\nx\n-----END EC PRIVATE KEY-----\n", "secret.key")
    try write("bulkhead-join-\(String(repeating: "0a", count: 32))\n", "join")
    for (name, word) in [("secret.key", "a private key"), ("join", "a join token")] {
      let refused = try bulkhead(
        "bundle", "--as", "cloud-init", "--to", "cloud", "--source", "source.yaml", "--add",
        "/etc/x=\(name)")
      #expect(refused.code == 1 && refused.error.contains("holds \(word)"), "\(refused.all)")
      let closed = try bulkhead(
        "bundle", "--as", "systemd", "--to", "\(name).d", "--source", "source.yaml", "--add",
        "/etc/x=\(name)")
      #expect(closed.code == 0, "\(closed.all)")
      let files = try String(contentsOfFile: "\(folder.path)/\(name).d/n1/FILES", encoding: .utf8)
      #expect(files.contains("whole 0600 root root /etc/x\n"), "\(files)")
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/cloud/n1"))
    for text in [
      "a\r\nb\r\n", "  indented\nb\n", "\n\tb\n", "no newline", "two\n\n", "\n", "\u{1}\n",
      "\u{2028}\n",
    ] {
      try write(text, "odd")
      let made = try bulkhead(
        "bundle", "--as", "cloud-init", "--to", "cloud", "--source", "source.yaml", "--add", "/etc/x=odd")
      #expect(made.code == 0, "\(made.all)")
      let data = try String(contentsOfFile: "\(folder.path)/cloud/n1/user-data", encoding: .utf8)
      let encoded = Data(text.utf8).base64EncodedString()
      #expect(data.contains("    encoding: b64\n    content: \"\(encoded)\"\n"), "\(data)")
    }
    try write("plain: gr\u{fc}n\n\tb\n", "odd")
    #expect(
      try bulkhead(
        "bundle", "--as", "cloud-init", "--to", "cloud", "--source", "source.yaml", "--add", "/etc/x=odd"
      ).code == 0)
    let data = try String(contentsOfFile: "\(folder.path)/cloud/n1/user-data", encoding: .utf8)
    #expect(data.contains("    content: |\n      plain: gr\u{fc}n\n      \tb\n"))
    #expect(!data.contains("encoding:"))
  }

  static let playbook = "\(Program.root)/.tools/ansible/bin/ansible-playbook"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: playbook)))
  func ansibleCreatesKeysOnTheHostsAndASecondRunChangesNothing() throws {
    let kubectl =
      #"{"kind":"List","items":[{"kind":"Node","metadata":{"name":"n1"}},{"kind":"Node","metadata":{"name":"n2"}}]}"#
    #expect(
      try bulkhead(
        "bundle", "--as", "ansible", "--to", "bundle", "--settings", "all", "--nodes", "-", input: kubectl
      ).code == 0)
    func play(_ more: String...) throws -> (Program.Outcome, changed: [Int]) {
      let outcome = try Program.run(
        Self.playbook,
        [
          "-i", "inventory.yml", "site.yml", "-c", "local", "-e", "bulkhead_become=false", "-e",
          "bulkhead_root=\(folder.path)/{{ inventory_hostname }}", "-e", "bulkhead_chown=\(geteuid() == 0)",
          "-e",
          "ansible_python_interpreter=\(Program.root)/.tools/ansible/bin/python",
        ] + more, in: "\(folder.path)/bundle",
        environment: [
          "HOME": folder.path, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1",
          "ANSIBLE_LOCAL_TEMP": "\(folder.path)/local",
          "ANSIBLE_REMOTE_TEMP": "\(folder.path)/remote", "LC_ALL": "C.UTF-8",
        ])
      let changed = outcome.out.matches(of: /n\d +: ok=\d+ +changed=(\d+) +unreachable=0 +failed=0/)
        .compactMap {
          Int($0.1)
        }
      return (outcome, changed)
    }
    func read(_ path: String) throws -> String {
      try String(contentsOfFile: "\(folder.path)/\(path)", encoding: .utf8)
    }
    let (first, made) = try play()
    #expect(first.code == 0 && made.count == 2 && made.allSatisfy { $0 > 0 }, "\(first.all)")
    let folder2 = "n2/etc/bulkhead/cni-plugin"
    let key = try read("\(folder2)/etcd-key")
    #expect(key.contains("PRIVATE KEY") && !first.all.contains("PRIVATE KEY"))
    #expect(try read("\(folder2)/etcd-ca") == read("pki/ca.crt"))
    #expect(try read("n1/etc/calico/calico.env").contains("NODENAME=n1\n"))
    let verified = try Program.run(
      "/usr/bin/openssl",
      ["verify", "-CAfile", "pki/ca.crt", "\(folder2)/etcd-cert"], in: folder.path)
    #expect(verified.code == 0, "\(verified.all)")
    let inspected = try bulkhead("certs", "inspect", "\(folder2)/etcd-cert")
    #expect(inspected.out.contains("cni-plugin.n2"), "\(inspected.all)")
    #expect(try bulkhead("certs", "list", "--all").out.contains("cni-plugin.n1"))
    // The key is nowhere but on the node that created it.
    #expect(
      try Program.run("/usr/bin/grep", ["-rl", "PRIVATE KEY", "bundle", "pki"], in: folder.path).out
        == "pki/ca.key\n")

    let (second, kept) = try play()
    #expect(second.code == 0 && kept == [0, 0], "\(second.all)")

    // Near the end of the lifetime, key and certificate are replaced together.
    let (renewed, changes) = try play("-e", "bulkhead_renew_before=99999999", "--limit", "n2")
    #expect(renewed.code == 0 && changes.first.map { $0 > 0 } == true, "\(renewed.all)")
    let new = try read("\(folder2)/etcd-key")
    #expect(new != key)
    let (public1, public2) = (
      try Program.run("/usr/bin/openssl", ["pkey", "-in", "\(folder2)/etcd-key", "-pubout"], in: folder.path)
        .out,
      try Program.run(
        "/usr/bin/openssl", ["x509", "-in", "\(folder2)/etcd-cert", "-noout", "-pubkey"], in: folder.path
      )
      .out
    )
    #expect(public1 == public2 && !public1.isEmpty)

    // A revoked certificate is replaced though its time is not over; a file of somebody else is not.
    let serial = try Program.run(
      "/usr/bin/openssl", ["x509", "-in", "\(folder2)/etcd-cert", "-noout", "-serial"], in: folder.path
    ).out.trimmingCharacters(in: .newlines).dropFirst("serial=".count)
    #expect(try bulkhead("certs", "revoke", String(serial)).code == 0)
    try "NODENAME=n9\n".write(
      toFile: "\(folder.path)/n2/etc/calico/calico.env", atomically: false, encoding: .utf8)
    let (revoked, _) = try play("--limit", "n2")
    #expect(revoked.code != 0 && revoked.all.contains("it has NODENAME=n9"), "\(revoked.all)")
    #expect(try read("\(folder2)/etcd-key") != new)
    let (after, _) = try play("--limit", "n2", "-e", #"{"bulkhead_keep": ["/etc/calico/calico.env"]}"#)
    #expect(after.code == 0, "\(after.all)")
    #expect(try read("n2/etc/calico/calico.env") == "NODENAME=n9\n")

    // A blocked identity stops neither the others nor the settings, and the play fails at its end.
    #expect(try bulkhead("certs", "revoke", "calico-node.n2").code == 0)
    for path in [folder2, "n2/etc/calico/calico.env"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(path)")
    }
    let (blocked, _) = try play("--limit", "n2")
    #expect(blocked.code != 0 && blocked.out.contains("is blocked since"), "\(blocked.all)")
    #expect(try read("\(folder2)/etcd-key").contains("PRIVATE KEY"))
    #expect(try read("n2/etc/calico/calico.env").contains("NODENAME=n2\n"))
    // Without its certificate, settings would lead the program to nothing.
    for path in ["n2/etc/bulkhead/calico-node", "n2/etc/calico/calico.env"] {
      try FileManager.default.removeItem(atPath: "\(folder.path)/\(path)")
    }
    let (without, _) = try play("--limit", "n2")
    #expect(without.code != 0 && without.all.contains("no settings were written"), "\(without.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/n2/etc/calico/calico.env"))
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: playbook)))
  func `a host that asks for another identity gets nothing, and the play fails`() throws {
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "kubernetes: {apiserver: kube-apiserver}\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("bundle", "--as", "ansible", "--to", "bundle").code == 0)
    // What a host prints is the host's choice.
    let script = "\(folder.path)/bundle/roles/bulkhead/files/credential"
    let honest = try String(contentsOfFile: script, encoding: .utf8)
    let request = #"-subj "/$3=$subject""#
    #expect(honest.contains(request))
    for name in ["kube-apiserver", "cni-plugin.n2", "root"] {
      try honest.replacing(request, with: "-subj /CN=\(name)").write(
        toFile: script, atomically: true, encoding: .utf8)
      let outcome = try Program.run(
        Self.playbook,
        [
          "-i", "inventory.yml", "site.yml", "-c", "local", "--limit", "n1", "-e", "bulkhead_become=false",
          "-e", "bulkhead_root=\(folder.path)/{{ inventory_hostname }}", "-e",
          "bulkhead_chown=\(geteuid() == 0)", "-e",
          "ansible_python_interpreter=\(Program.root)/.tools/ansible/bin/python",
        ], in: "\(folder.path)/bundle",
        environment: [
          "HOME": folder.path, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCAL_TEMP": "\(folder.path)/local",
          "ANSIBLE_REMOTE_TEMP": "\(folder.path)/remote", "LC_ALL": "C.UTF-8",
        ])
      #expect(outcome.code != 0 && outcome.all.contains("the request is for"), "\(outcome.all)")
    }
    #expect(try bulkhead("certs", "list", "--all").out.contains("kube-apiserver") == false)
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/n1/etc/bulkhead/calico-node/etcd-cert"))
  }
}
