import Foundation
import TestSupport
import Testing

/// `bundle --layout kubespray` on folders in the place of hosts, and what the next run of kubespray does to them.
@Suite struct KubesprayTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    #expect(try bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico").code == 0)
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "nodes: [n1, n2]\n").write(toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try bulkhead("certs", "issue").code == 0)
    // What kubespray's etcd role and the first run of its role for Calico have made.
    try sh(
      """
      for node in n1 n2; do
        mkdir -p $node/etc/ssl/etcd/ssl $node/etc/calico
        mkdir -m 0750 $node/etc/calico/certs
        echo "authority of etcd" >$node/etc/ssl/etcd/ssl/ca.pem
        echo "certificate of etcd-node-$node" >$node/etc/ssl/etcd/ssl/node-$node.pem
        echo "key of etcd-node-$node" >$node/etc/ssl/etcd/ssl/node-$node-key.pem
        chmod 0640 $node/etc/ssl/etcd/ssl/*
        ln $node/etc/ssl/etcd/ssl/ca.pem $node/etc/calico/certs/ca_cert.crt
        ln $node/etc/ssl/etcd/ssl/node-$node.pem $node/etc/calico/certs/cert.crt
        ln $node/etc/ssl/etcd/ssl/node-$node-key.pem $node/etc/calico/certs/key.pem
      done
      """)
  }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  @discardableResult
  private func sh(_ lines: String) throws -> String {
    let outcome = try Program.run("/bin/sh", ["-euc", lines], in: folder.path)
    guard outcome.code == 0 else { throw Failure(output: outcome.all) }
    return outcome.out
  }

  private struct Failure: Error { let output: String }

  private func read(_ path: String) throws -> String {
    try String(contentsOfFile: "\(folder.path)/\(path)", encoding: .utf8)
  }

  /// The account of this test, because only root can give files to others.
  private func giveToMe(_ site: String) throws {
    try sh(#"sed -i "s/ root root / $(id -un) $(id -gn) /" \#(site)/FILES"#)
  }

  private func isOurs(_ node: String) throws -> Bool {
    try read("\(node)/etc/calico/certs/cert.crt") == read("pki/clients/calico.crt")
      && read("\(node)/etc/calico/certs/key.pem") == read("pki/clients/calico.key")
      && read("\(node)/etc/calico/certs/ca_cert.crt") == read("pki/ca.crt")
  }

  /// Whether kubespray's files for etcd are as it made them.
  private func isEtcdWhole(_ node: String) throws -> Bool {
    try read("\(node)/etc/ssl/etcd/ssl/ca.pem") == "authority of etcd\n"
      && read("\(node)/etc/ssl/etcd/ssl/node-\(node).pem") == "certificate of etcd-node-\(node)\n"
      && read("\(node)/etc/ssl/etcd/ssl/node-\(node)-key.pem") == "key of etcd-node-\(node)\n"
  }

  @Test func `the links of kubespray are replaced, and the files of etcd stay`() throws {
    let made = try bulkhead("bundle", "--as", "directory", "--layout", "kubespray", "--to", "bundle")
    #expect(made.code == 0, "\(made.all)")
    #expect(try read("bundle/n1/FILES").contains("kubespray 0640 root root /etc/calico/certs/key.pem\n"))
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/bundle/calico"))
    try giveToMe("bundle/n1")
    func install(_ options: String...) throws -> Program.Outcome {
      try Program.run("/bin/sh", ["bundle/n1/install"] + options + ["n1"], in: folder.path)
    }
    #expect(try install("--check").code == 2)
    #expect(try isEtcdWhole("n1") && !isOurs("n1"))
    let first = try install()
    #expect(first.code == 0 && first.out.contains("/etc/calico/certs/key.pem\n"), "\(first.all)")
    #expect(try isOurs("n1") && isEtcdWhole("n1"))
    // As kubespray makes them: kube-controllers reads them in the group of root.
    #expect(try sh("stat -c %a n1/etc/calico/certs n1/etc/calico/certs/key.pem") == "750\n640\n")
    #expect(try sh("stat -c %a n1/etc/ssl/etcd/ssl/ca.pem") == "640\n")
    let second = try install()
    #expect(second.code == 0 && second.out.isEmpty, "\(second.all)")
    #expect(try sh("ls -A n1/etc/calico/certs n1/etc/bulkhead/kubespray").filter { $0 == "." }.count == 6)

    // A renewed certificate replaces Bulkhead's own links.
    #expect(try bulkhead("certs", "renew", "calico", "--now").code == 0)
    #expect(try bulkhead("bundle", "--as", "directory", "--layout", "kubespray", "--to", "bundle").code == 0)
    try giveToMe("bundle/n1")
    #expect(try !isOurs("n1"))
    #expect(try install().code == 0)
    #expect(try isOurs("n1") && isEtcdWhole("n1"))

    // A file of somebody else is refused before anything is written; so is a folder that others may write.
    try sh(
      "rm n1/etc/calico/certs/cert.crt n1/etc/calico/certs/key.pem; echo mine >n1/etc/calico/certs/cert.crt")
    let refused = try install()
    #expect(
      refused.code == 1 && refused.error.contains("neither kubespray's link nor Bulkhead's"), "\(refused.all)"
    )
    #expect(try read("n1/etc/calico/certs/cert.crt") == "mine\n")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/n1/etc/calico/certs/key.pem"))
    #expect(try install("--replace", "/etc/calico/certs/cert.crt").code == 0)
    #expect(try isOurs("n1"))
    try sh("chmod 0770 n1/etc/calico/certs; rm n1/etc/calico/certs/cert.crt")
    let open = try install()
    #expect(open.code == 1 && open.error.contains("that only root may write"), "\(open.all)")
  }

  /// Whatever the last command was, each name has a whole file, and the next run goes on.
  @Test func `it may be cut off at each command`() throws {
    try sh(
      """
      mkdir bin
      for program in mv ln rm mkdir mktemp install cmp find sync; do
        real=$(command -v $program)
        printf '#!/bin/sh\\nread -r calls <"$CALLS"; calls=$((calls + 1)); echo "$calls" >"$CALLS"\\n[ "$calls" != "$LAST" ] || kill -9 "$PPID"\\nexec %s "$@"\\n' "$real" >bin/$program
        chmod 0755 bin/$program
      done
      """)
    let put = "\(Program.root)/Sources/NodeDelivery/OnHosts/put"
    func fill(_ text: String, killedAt last: Int? = nil) throws -> Int {
      let shell = last.map { #"env PATH="$PWD/bin:$PATH" CALLS="$PWD/calls" LAST=\#($0) sh"# } ?? "sh"
      try sh(
        """
        echo 0 >calls
        export BULKHEAD_BASE="$PWD/n1/etc/bulkhead" BULKHEAD_ROOT="$PWD/n1"
        printf %s '\(text)' | \(shell) \(put) kubespray "$PWD/n1/etc/calico/certs/key.pem" 0640 - - >/dev/null || exit 0
        """)
      return try Int(sh("cat calls").trimmingCharacters(in: .newlines)) ?? 0
    }
    var last = 0
    var calls = 0
    var before = "key of etcd-node-n1\n"
    repeat {
      last += 1
      calls = try fill("cut \(last)", killedAt: last)
      let now = try read("n1/etc/calico/certs/key.pem")
      #expect(now == before || now == "cut \(last)", "cut off at call \(last): \(now)")
      _ = try fill("whole \(last)")
      #expect(
        try read("n1/etc/calico/certs/key.pem") == "whole \(last)", "after it was cut off at call \(last)")
      #expect(
        try sh("ls -A n1/etc/bulkhead/kubespray n1/etc/calico/certs | grep key.pem") == "key.pem\nkey.pem\n")
      before = "whole \(last)"
      // Fewer calls: the script came to its end.
    } while calls >= last && last < 60
    #expect((8..<60).contains(last))
    #expect(try isEtcdWhole("n1"))
  }

  @Test func `what it cannot serve is refused with what to do`() throws {
    func refused(_ options: String...) throws -> Program.Outcome {
      try Program.run(
        Program.path, ["bundle", "--layout", "kubespray", "--to", "b"] + options, in: folder.path)
    }
    try "directory: {path: /x}\n".write(
      toFile: "\(folder.path)/source.yaml", atomically: true, encoding: .utf8)
    #expect(try refused("--as", "systemd", "--source", "source.yaml").code == 64)
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    for (old, new, word) in [
      ("nodes: [n1, n2]", "", "names no nodes"), ("version: v3.32", "version: v3.33", "runs as 10001:10001"),
    ] {
      let version = old.hasPrefix("version") ? /version: v3\.[0-9.]+/ : /nodes: \[n1, n2\]/
      let changed = text.replacing(version, with: new)
      #expect(changed != text)
      try changed.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try refused("--as", "directory")
      #expect(outcome.code == 1 && outcome.error.contains(word), "\(outcome.all)")
    }
    let other = try TemporaryFolder()
    #expect(
      try Program.bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico-node", in: other.path).code
        == 0)
    let outcome = try Program.bulkhead(
      "bundle", "--as", "ansible", "--layout", "kubespray", "--to", "b", in: other.path)
    #expect(outcome.code == 1 && outcome.error.contains("no component 'calico'"), "\(outcome.all)")
  }

  // MARK: - with Ansible

  private func play(_ arguments: [String], in place: String) throws -> Program.Outcome {
    try Program.run(
      BundleFormTests.playbook,
      arguments + [
        "-c", "local", "-e", "ansible_python_interpreter=\(Program.root)/.tools/ansible/bin/python",
      ], in: "\(folder.path)/\(place)",
      environment: [
        "HOME": folder.path, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_LOCAL_TEMP": "\(folder.path)/local", "ANSIBLE_REMOTE_TEMP": "\(folder.path)/remote",
        "LC_ALL": "C.UTF-8",
      ])
  }

  /// The tasks of kubespray 2.32 that matter: its roles include the one of the network plugin, which links the files of
  /// etcd by hard links with `force`; the role of the control plane names the same files for kube-apiserver.
  private func writeKubespray() throws {
    let files = [
      "spray/inventory.yml": "all: {hosts: {n1: {}, n2: {}}}\n",
      "spray/cluster.yml": """
      - hosts: all
        gather_facts: false
        roles: [control-plane, network_plugin]
      """,
      "spray/group_vars/all.yml": """
      root: "\(folder.path)/{{ inventory_hostname }}"
      etcd_config_dir: /etc/ssl/etcd
      kube_cert_dir: /etc/kubernetes/ssl
      etcd_deployment_type: host
      calico_cert_dir: /etc/calico/certs
      """,
      "spray/roles/defaults_of_etcd/defaults/main.yml": "etcd_cert_dir: \"{{ etcd_config_dir }}/ssl\"\n",
      "spray/roles/network_plugin/calico_defaults/defaults/main.yml": """
      kube_etcd_cacert_file: ca.pem
      kube_etcd_cert_file: node-{{ inventory_hostname }}.pem
      kube_etcd_key_file: node-{{ inventory_hostname }}-key.pem
      """,
      "spray/roles/network_plugin/calico/meta/main.yml": """
      dependencies: [{role: network_plugin/calico_defaults}]
      """,
      "spray/roles/control-plane/meta/main.yml":
        "dependencies: [{role: defaults_of_etcd}, {role: network_plugin/calico_defaults}]\n",
      "spray/roles/control-plane/tasks/main.yml": """
      - name: Of kube-apiserver
        ansible.builtin.copy:
          content: "{{ etcd_cert_dir }}/{{ kube_etcd_cacert_file }} {{ kube_etcd_cert_file }} {{ kube_etcd_key_file }}"
          dest: "{{ root }}/apiserver"
          mode: "0600"
      """,
      "spray/roles/network_plugin/meta/main.yml": "dependencies: [{role: defaults_of_etcd}]\n",
      "spray/roles/network_plugin/tasks/main.yml":
        "- ansible.builtin.include_role: {name: \"network_plugin/{{ 'calico' }}\"}\n",
      "spray/roles/network_plugin/calico/tasks/main.yml": "- ansible.builtin.include_tasks: install.yml\n",
      "spray/roles/network_plugin/calico/tasks/install.yml": """
      - name: The folder
        ansible.builtin.file: {dest: "{{ root }}{{ calico_cert_dir }}", state: directory, mode: "0750"}
      - name: Links
        ansible.builtin.file:
          src: "{{ root }}{{ etcd_cert_dir }}/{{ item.s }}"
          dest: "{{ root }}{{ calico_cert_dir }}/{{ item.d }}"
          state: hard
          mode: "0640"
          force: true
        loop:
          - {s: "{{ kube_etcd_cacert_file }}", d: ca_cert.crt}
          - {s: "{{ kube_etcd_cert_file }}", d: cert.crt}
          - {s: "{{ kube_etcd_key_file }}", d: key.pem}
      """,
    ]
    for (path, text) in files {
      let url = URL(fileURLWithPath: "\(folder.path)/\(path)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: url, atomically: false, encoding: .utf8)
    }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: BundleFormTests.playbook)))
  func `the next run of kubespray keeps the files, or the next run of the role brings them back`() throws {
    try writeKubespray()
    #expect(try bulkhead("bundle", "--as", "ansible", "--layout", "kubespray", "--to", "bundle").code == 0)
    #expect(try !sh("cat bundle/inventory.yml").contains("\"calico\""))
    func deliver(_ more: String...) throws -> Program.Outcome {
      try play(
        [
          "-i", "inventory.yml", "site.yml", "-e", "bulkhead_become=false", "-e",
          "bulkhead_root=\(folder.path)/{{ inventory_hostname }}", "-e", "bulkhead_chown=\(geteuid() == 0)",
        ] + more, in: "bundle")
    }
    func spray(_ more: String...) throws -> Program.Outcome {
      try play(["-i", "inventory.yml", "cluster.yml"] + more, in: "spray")
    }
    func holder(_ node: String) throws -> String {
      try Program.run(
        "/bin/sh",
        [
          "-c",
          "openssl x509 -noout -subject -in \(node)/etc/calico/certs/cert.crt 2>&1 || cat \(node)/etc/calico/certs/cert.crt",
        ],
        in: folder.path
      ).out
    }
    let first = try deliver()
    #expect(first.code == 0, "\(first.all)")
    let keys = try sh("cat n1/etc/calico/certs/key.pem; cat n1/etc/bulkhead/calico/etcd-key")
    #expect(
      keys.components(separatedBy: "BEGIN PRIVATE KEY").count == 3 && !first.all.contains("PRIVATE KEY"))
    for node in ["n1", "n2"] {
      #expect(try holder(node).contains("CN = calico"))
      #expect(try isEtcdWhole(node))
    }
    // With the variables of the bundle, kubespray links the same files and changes nothing. kube-apiserver's stay.
    for type in ["host", "kubeadm"] {
      let kept = try spray("-e", "@../bundle/kubespray.yml", "-e", "etcd_deployment_type=\(type)")
      #expect(kept.code == 0, "\(kept.all)")
      for node in ["n1", "n2"] {
        #expect(try holder(node).contains("CN = calico"), "\(kept.all)")
        #expect(
          try read("\(node)/apiserver")
            == (type == "host"
              ? "/etc/ssl/etcd/ssl/ca.pem node-\(node).pem node-\(node)-key.pem"
              : "/etc/kubernetes/ssl/etcd/ca.crt apiserver-etcd-client.crt apiserver-etcd-client.key"))
      }
    }
    let still = try deliver()
    #expect(still.code == 0 && still.out.matches(of: #/changed=0 /#).count == 2, "\(still.all)")

    // Without them it links the files of etcd again; the role replaces these links, and etcd's files stay.
    let bare = try spray()
    #expect(bare.code == 0, "\(bare.all)")
    #expect(try holder("n1").contains("certificate of etcd-node-n1"))
    let look = try deliver("--check")
    #expect(look.code == 0 && look.out.matches(of: #/changed=1 /#).count == 2, "\(look.all)")
    #expect(try holder("n1").contains("certificate of etcd-node-n1"))
    let back = try deliver()
    #expect(back.code == 0, "\(back.all)")
    for node in ["n1", "n2"] {
      #expect(try holder(node).contains("CN = calico"))
      #expect(try isEtcdWhole(node))
    }
    // A file of somebody else is not touched.
    try sh("rm n1/etc/calico/certs/key.pem; echo mine >n1/etc/calico/certs/key.pem")
    let refused = try deliver("--limit", "n1")
    #expect(
      refused.code != 0 && refused.all.contains("neither kubespray's link nor Bulkhead's"), "\(refused.all)")
    #expect(try read("n1/etc/calico/certs/key.pem") == "mine\n")
  }
}
