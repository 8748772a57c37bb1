import Foundation
import NodeDelivery
import Segmentation
import Testing

/// `install` of a bundle, on a folder in the place of a host's root.
@Suite struct InstallTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Writes the bundle of the first site.
  /// - Returns: the site's folder.
  private func write(
    _ lines: String, version: String = "v3.32", as form: HostBundle.Form = .directory,
    site: String? = nil, owners: [String: String] = [:], more: [NodeFile] = []
  ) throws -> String {
    let (file, _, sites) = try segmentation(lines, version: version)
    let bundle = bundle(form, file, owners: owners, more: more)
    let chosen = try #require(site.map { name in sites.first { $0.name == name } } ?? sites.first)
    var writer = try BundleWriter("\(folder.path)/bundle")
    let files = try bundle.files(
      for: chosen,
      material: { resident in
        CredentialMaterial(
          authority: [0x61], certificate: [0x62], key: Array("key of \(resident.folder)\n".utf8))
      }, password: { $0 })
    for file in files { try writer.write(file) }
    return "\(folder.path)/bundle/\(chosen.fileName)"
  }

  /// Makes the current user the owner of all files, because only root can give files to others.
  private func giveToMe(_ site: String) throws {
    let me = try run("/usr/bin/id", ["-un"]).output.trimmingCharacters(in: .newlines)
    let group = try run("/usr/bin/id", ["-gn"]).output.trimmingCharacters(in: .newlines)
    let files = try String(contentsOfFile: "\(site)/FILES", encoding: .utf8)
    try files.replacing(" root root ", with: " \(me) \(group) ").write(
      toFile: "\(site)/FILES", atomically: true, encoding: .utf8)
  }

  private func host(_ path: String) -> String { "\(folder.path)/host\(path)" }

  private func install(_ site: String, _ options: String...) throws -> (code: Int32, output: String) {
    try run("/bin/sh", ["\(site)/install"] + options + [host("")])
  }

  @Test func `it sets the modes of FILES, and a second run changes nothing`() throws {
    let site = try write("components: [calico-node]\nnodes: [n1]")
    try giveToMe(site)
    let looked = try install(site, "--check")
    #expect(looked.code == 2 && !FileManager.default.fileExists(atPath: host("")), "\(looked.output)")
    let first = try install(site)
    #expect(
      first.code == 0 && first.output.contains("/etc/bulkhead/calico-node/etcd-key\n"), "\(first.output)")
    let mode = try run("/usr/bin/stat", ["-c", "%a", host("/etc/bulkhead/calico-node/etcd-key")])
    #expect(mode.output == "400\n")
    let second = try install(site)
    #expect(second.code == 0 && second.output.isEmpty, "\(second.output)")
    #expect(try install(site, "--check").code == 0)
    try "damaged".write(
      toFile: "\(site)/etc/bulkhead/calico-node/etcd-cert", atomically: false, encoding: .utf8)
    #expect(try install(site).code != 0)
    #expect(try run("/bin/sh", ["\(site)/install", "--unknown"]).code == 64)
  }

  @Test func `it keeps the user's settings and refuses what it would have to replace`() throws {
    let more = NodeFile(path: "/etc/ssl/extra.crt", bytes: Array("new\n".utf8), mode: 0o644)
    let site = try write("components: [calico-node, cni-plugin]\nnodes: [n1]", more: [more])
    try giveToMe(site)
    func place(_ text: String, _ path: String) throws {
      try FileManager.default.createDirectory(
        atPath: (host(path) as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      try text.write(toFile: host(path), atomically: false, encoding: .utf8)
    }
    func read(_ path: String) throws -> String { try String(contentsOfFile: host(path), encoding: .utf8) }
    let environment = "CALICO_IPV4POOL_CIDR=10.1.0.0/16\nETCD_ENDPOINTS=http://old:2379\n"
    try place(environment, "/etc/calico/calico.env")
    try place(
      #"{"name": "k8s-pod-network", "type": "calico", "mtu": 1440}"#, "/etc/cni/net.d/10-calico.conflist")
    try place("mine\n", "/etc/ssl/extra.crt")
    let refused = try install(site)
    #expect(refused.code == 1 && refused.output.contains("nothing was written"), "\(refused.output)")
    #expect(refused.output.contains("'install --replace'"), "\(refused.output)")
    #expect(try read("/etc/calico/calico.env") == environment)
    #expect(!FileManager.default.fileExists(atPath: host("/etc/bulkhead")))
    #expect(try install(site, "--keep", "/etc/ssl/extra.crtx").code == 64)

    let kept = try install(site, "--keep", "/etc/ssl/extra.crt")
    #expect(kept.code == 0, "\(kept.output)")
    #expect(try read("/etc/ssl/extra.crt") == "mine\n")
    #expect(
      try read("/etc/calico/calico.env").hasPrefix(
        "CALICO_IPV4POOL_CIDR=10.1.0.0/16\nETCD_ENDPOINTS=https://"))
    #expect(try read("/etc/calico/calico.env.before-bulkhead") == environment)
    #expect(try read("/etc/cni/net.d/10-calico.conflist").contains(#""mtu": 1440"#))

    let replaced = try install(site, "--replace", "/etc/ssl/extra.crt")
    #expect(replaced.code == 0 && replaced.output.contains("/etc/ssl/extra.crt\n"), "\(replaced.output)")
    #expect(try read("/etc/ssl/extra.crt") == "new\n")
    #expect(try install(site).output.isEmpty)
  }

  /// The plugin's access in etcd is for one network, also where others deliver the CNI configuration.
  @Test func `nothing is written where the host has another CNI network`() throws {
    let site = try write("components: [calico-node, cni-plugin]\nnodes: [n1]")
    try giveToMe(site)
    let path = host("/etc/cni/net.d")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    func place(_ text: String, _ name: String = "10-calico.conflist") throws {
      try text.write(toFile: "\(path)/\(name)", atomically: false, encoding: .utf8)
    }
    for (text, word) in [
      (
        #"{"plugins": [{"type": "portmap"}, {"type": "calico", "name": "k8s-pod-network"}], "name": "cni0"}"#,
        "'cni0'"
      ),
      (#"{"name": "k8s-pod-network", "plugins": [{"type": "calico""#, "is not JSON"),
      (#"{"plugins": [{"type": "calico"}]}"#, "has no name"),
    ] {
      try place(text)
      for options in [["--check"], []] {
        let refused = try run("/bin/sh", ["\(site)/install"] + options + [host("")])
        #expect(refused.code == 1 && refused.output.contains(word), "\(refused.output)")
      }
      #expect(!FileManager.default.fileExists(atPath: host("/etc/bulkhead")))
    }
    // Other plugins' networks, nested ones, and files that libcni does not load.
    try place(
      #"{"name": "k8s-pod-network", "args": {"name": "x"}, "plugins": [{"type": "calico", "etcd_key_file": ""}]}"#
    )
    try place(
      #"{"name": "mine", "plugins": [{"type": "flannel", "delegate": {"type": "calico"}}]}"#, "5.conflist")
    try place(#"{"name": "lo", "type": "loopback"}"#, "99-lo.conf")
    try place(
      #"{"name": "canal", "plugins": [{"type": "calico", "ipam": {"type": "host-local"}, "policy": {"type": "k8s"}}]}"#,
      "20-canal.conflist")
    try place(#"{"name": "x", "type": "calico"}"#, "calico.conflist.template")
    #expect(try install(site).code == 0)
    // The hint, followed to the letter, without the settings of the plugin.
    try place(#"{"name": "cni0", "plugins": [{"type": "calico"}]}"#)
    let hint = try install(site).output
    #expect(hint.contains("hint: write 'network: cni0' under 'calico' in bulkhead.yaml"), "\(hint)")
    let (file, _, sites) = try segmentation(
      "components: [cni-plugin]\nnodes: [n1]", calico: ", network: cni0")
    var writer = try BundleWriter("\(folder.path)/other")
    let material = CredentialMaterial(authority: [0x61], certificate: [0x62], key: [0x63])
    for file in try bundle(.directory, file).files(
      for: sites[0], material: { _ in material }, password: { $0 })
    {
      try writer.write(file)
    }
    try giveToMe("\(folder.path)/other/n1")
    let right = try install("\(folder.path)/other/n1")
    #expect(right.code == 0, "\(right.output)")
  }

  @Test func `a root may be relative, and no link leads out of it`() throws {
    let site = try write("components: [calico-node]\nnodes: [n1]")
    try giveToMe(site)
    let files = FileManager.default
    for name in ["host", "outside"] {
      try files.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    try files.createSymbolicLink(atPath: host("/etc"), withDestinationPath: "\(folder.path)/outside")
    let refused = try install(site)
    #expect(refused.code == 1 && refused.output.contains("a link leads"), "\(refused.output)")
    #expect(try files.contentsOfDirectory(atPath: "\(folder.path)/outside").isEmpty)
    try files.removeItem(atPath: host("/etc"))
    let relative = try run("/bin/sh", ["\(site)/install", "host"], in: folder.path)
    #expect(relative.code == 0, "\(relative.output)")
    #expect(files.fileExists(atPath: host("/etc/bulkhead/calico-node/etcd-key")))
    #expect(!files.fileExists(atPath: "\(site)/host"))
  }

  /// The accounts of a host, mounted over `/etc` for one child process.
  private static let mayMount =
    geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")
    && (try? run("/usr/bin/unshare", ["-m", "/bin/sh", "-c", "mount --bind /etc/group /etc/group"]).code) == 0

  /// Which account reads which key, as `setpriv` has it, and which ones may not.
  @Test(
    .enabled(if: mayMount, "only root can give files to others and mount accounts"),
    arguments: [
      ("v3.32", "kube-controllers", "--reuid=999 --regid=0", "--reuid=10001 --regid=10001"),
      ("v3.33", "kube-controllers", "--reuid=10001 --regid=10001", "--reuid=999 --regid=999"),
      ("v3.32", "typha", "--reuid=999 --regid=0", "--reuid=65534 --regid=65534"),
      ("v3.33", "typha", "--reuid=10001 --regid=10001", "--reuid=65534 --regid=65534"),
      ("v3.33", "cni-plugin", "--reuid=10001 --regid=10001", "--reuid=999 --regid=999"),
      ("v3.32", "cni-plugin", "--reuid=0 --regid=0", "--reuid=999 --regid=0"),
      ("v3.32", "neutron-driver", "--reuid=4242 --regid=4242", "--reuid=4243 --regid=4243"),
      ("v3.32", "dhcp-agent", "--reuid=4242 --regid=4242", "--reuid=4243 --regid=4243"),
      ("v3.32", "alice", "--reuid=4243 --regid=100", "--reuid=4242 --regid=4242"),
      ("v3.32", "backup", "--reuid=4243 --regid=100", "--reuid=4242 --regid=4242"),
    ])
  func `its reader can read each file, and another account cannot read the key`(
    version: String, name: String, reader: String, stranger: String
  ) throws {
    let lines =
      switch name {
      case "alice": "components: []\ncalicoctl: [{user: alice, access: full}]"
      case "backup": "components: []\ncustom: [{user: backup, grants: [{prefix: /calico/, access: read}]}]"
      default: "components: [\(name)]\nnodes: [n1]"
      }
    let site = try write(lines, version: version, owners: ["backup": "alice"])
    // The umask of a careful root, and of the agent.
    let script = """
      set -eu
      umask 077
      cp /etc/passwd "$1/passwd"; cp /etc/group "$1/group"; chmod 644 "$1/passwd" "$1/group"
      printf 'neutron:x:4242:4242::/:/bin/sh\\nalice:x:4243:100::/:/bin/sh\\n' >>"$1/passwd"
      printf 'neutron:x:4242:\\n' >>"$1/group"
      mount --bind "$1/passwd" /etc/passwd
      mount --bind "$1/group" /etc/group
      sh "$2/install" "$1/host" >/dev/null
      find "$1/host" -type f ! -name .files -print | while read -r file; do
        echo "reads $file: $(setpriv $3 --clear-groups cat "$file" >/dev/null && echo yes || echo no)"
      done
      find "$1/host" -name etcd-key -print | while read -r file; do
        echo "stranger $file: $(setpriv $4 --clear-groups cat "$file" >/dev/null && echo yes || echo no)"
      done
      """
    let outcome = try run(
      "/usr/bin/unshare", ["-m", "/bin/sh", "-c", script, "-", folder.path, site, reader, stranger])
    let answers = outcome.output.split(separator: "\n").filter { $0.hasSuffix("yes") || $0.hasSuffix("no") }
    #expect(outcome.code == 0 && answers.count >= 4, "\(outcome.output)")
    for answer in answers where answer.hasPrefix("reads ") {
      // The kubelet reads the CNI configuration as root.
      if answer.contains("10-calico.conflist") { continue }
      #expect(answer.hasSuffix(": yes"), "\(outcome.output)")
    }
    #expect(answers.contains { $0.hasPrefix("stranger ") }, "\(outcome.output)")
    #expect(!answers.contains { $0.hasPrefix("stranger ") && $0.hasSuffix(": yes") }, "\(outcome.output)")
  }
}
