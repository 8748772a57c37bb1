import Foundation
import TestSupport
import Testing

/// The Ansible role where another authority issues from now on, and the play is cut off on its way.
@Suite struct AnsibleAuthorityTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func sh(_ lines: String) throws -> Program.Outcome {
    try Program.run("/bin/sh", ["-euc", lines], in: folder.path)
  }

  private static let places = ["n1", "n2"].flatMap { node in
    ["calico-node", "cni-plugin"].map { (node: node, component: $0) }
  }

  /// Which authority has signed the certificate in use; nil if it and the key in use are no pair.
  private func signer(_ place: (node: String, component: String)) throws -> String? {
    let outcome = try sh(
      """
      cd \(place.node)/etc/bulkhead/\(place.component)
      [ "$(openssl pkey -in etcd-key -pubout)" = "$(openssl x509 -in etcd-cert -noout -pubkey)" ]
      for authority in first second; do
        if openssl verify -CAfile "\(folder.path)/$authority.crt" etcd-cert >/dev/null 2>&1; then echo $authority; fi
      done
      """)
    return outcome.code == 0 ? outcome.out.trimmingCharacters(in: .newlines) : nil
  }

  /// Runs the play.
  /// - Parameter cut: The number of the signature at which the play is killed, and whether before or after it.
  private func play(cut: (signature: Int, isSigned: Bool)? = nil) throws -> Program.Outcome {
    try """
    #!/bin/sh
    # Stands between the play and Bulkhead.
    if [ "$2" = sign ] && [ -f "$CUT/at" ]; then
      echo x >>"$CUT/signatures"
      read -r number moment <"$CUT/at"
      if [ "$(wc -l <"$CUT/signatures")" -ge "$number" ]; then
        if [ "$moment" = after ]; then "\(Program.path)" "$@" >/dev/null; fi
        kill -9 "$(cat "$CUT/pid")"
        exit 1
      fi
    fi
    exec "\(Program.path)" "$@"

    """.write(toFile: "\(folder.path)/between", atomically: true, encoding: .utf8)
    _ = try sh("chmod 0755 between; rm -f at signatures")
    if let cut {
      try "\(cut.signature) \(cut.isSigned ? "after" : "before")\n".write(
        toFile: "\(folder.path)/at", atomically: true, encoding: .utf8)
    }
    return try Program.run(
      "/bin/sh",
      [
        "-c", #"echo $$ >"$CUT/pid"; exec "$0" "$@""#, BundleFormTests.playbook, "-i", "inventory.yml",
        "site.yml",
        "-c", "local", "-e", "bulkhead_become=false", "-e",
        "bulkhead_root=\(folder.path)/{{ inventory_hostname }}",
        "-e", "bulkhead_chown=\(geteuid() == 0)", "-e", "bulkhead_program=\(folder.path)/between", "-e",
        "ansible_python_interpreter=\(Program.root)/.tools/ansible/bin/python",
      ], in: "\(folder.path)/bundle",
      environment: [
        "CUT": folder.path, "HOME": folder.path, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_LOCAL_TEMP": "\(folder.path)/local", "ANSIBLE_REMOTE_TEMP": "\(folder.path)/remote",
        "LC_ALL": "C.UTF-8",
      ])
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: BundleFormTests.playbook)))
  func `a play that is cut off leaves whole pairs, and the next one finishes the new authority`() throws {
    #expect(
      try bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico-node", "--component", "cni-plugin")
        .code == 0)
    let file = "\(folder.path)/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try (text + "isolation: node-user\nnodes: [n1, n2]\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try bulkhead("bundle", "--as", "ansible", "--to", "bundle").code == 0)
    let first = try play()
    #expect(first.code == 0, "\(first.all)")
    // Another authority takes the place of the first, as a roll-over does it.
    #expect(try sh("cp pki/ca.crt first.crt; rm pki/ca.crt pki/ca.key").code == 0)
    #expect(try bulkhead("certs", "authority", "--name", "another").code == 0)
    #expect(try sh("cp pki/ca.crt second.crt").code == 0)
    for place in Self.places { #expect(try signer(place) == "first") }
    // Everything that is due is still due after each cut.
    for (cut, least) in [((signature: 1, isSigned: true), 0), ((signature: 3, isSigned: false), 2)] {
      let outcome = try play(cut: cut)
      #expect(outcome.code != 0, "\(outcome.all)")
      // Workers of the killed play end by themselves, at the latest when they find that it is gone.
      let signers = try Self.places.map { try signer($0) }
      #expect(!signers.contains(nil), "\(signers) \(outcome.all)")
      #expect(signers.count { $0 == "first" } >= 4 - cut.signature - 1, "\(signers)")
      #expect(signers.count { $0 == "second" } >= least - 2, "\(signers)")
    }
    let whole = try play()
    #expect(whole.code == 0, "\(whole.all)")
    for place in Self.places { #expect(try signer(place) == "second", "\(place)") }
    let again = try play()
    #expect(again.code == 0 && again.out.matches(of: #/changed=0 /#).count == 2, "\(again.all)")
    // No key is left that waits for a certificate, and no set of before.
    #expect(try sh("find n1 n2 -name .next -o -name '.new.*'").out == "")
    #expect(
      try sh("find n1 n2 -type d -name '..20*' | wc -l").out.trimmingCharacters(in: .whitespaces) == "4\n")
  }
}
