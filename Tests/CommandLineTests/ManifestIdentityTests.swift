import Foundation
import TestSupport
import Testing

/// Identities of the file that are not called as a component of the manifest.
@Suite struct ManifestIdentityTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    #expect(
      try bulkhead("init", "--ca", "pki/ca.crt", "--component", "calico", "--calicoctl", "alice=read-only")
        .code == 0)
    #expect(try bulkhead("certs", "authority").code == 0)
    #expect(try bulkhead("certs", "issue").code == 0)
    let manifest = try String(
      contentsOfFile: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", encoding: .utf8)
    let pod = """
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: alice
        namespace: kube-system
      spec:
        containers:
          - name: shell
            image: docker.io/calico/ctl:v3.32.1
            volumeMounts:
              - mountPath: /calico-secrets
                name: etcd-certs
        volumes:
          - name: etcd-certs
            secret:
              secretName: calico-etcd-secrets

      """
    for (name, text) in [("calico.yaml", manifest), ("pod.yaml", pod)] {
      try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
    }
  }

  private func bulkhead(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.path, arguments, in: folder.path)
  }

  private func certificate(of user: String) throws -> String {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/pki/clients/\(user).crt")).base64EncodedString()
  }

  @Test func oneIdentityForAllIsInTheSecretOfEachProgram() throws {
    let outcome = try bulkhead("manifest", "calico.yaml", "--to", "out.yaml")
    #expect(outcome.code == 0, "\(outcome.all)")
    let text = try String(contentsOfFile: "\(folder.path)/out.yaml", encoding: .utf8)
    let certificate = try certificate(of: "calico")
    #expect(text.components(separatedBy: certificate).count == 4)
    #expect(text.contains("calico-node-etcd-secrets-") && text.contains("calico-cni-etcd-secrets-"))
  }

  @Test func aContainerGetsTheIdentityOfAPerson() throws {
    let unnamed = try bulkhead("manifest", "pod.yaml", "--to", "out.yaml")
    #expect(unnamed.code == 1 && !unnamed.all.contains("=flannel"), "\(unnamed.all)")
    let outcome = try bulkhead("manifest", "pod.yaml", "--to", "out.yaml", "--component", "shell=alice")
    #expect(outcome.code == 0, "\(outcome.all)")
    let text = try String(contentsOfFile: "\(folder.path)/out.yaml", encoding: .utf8)
    #expect(try text.contains(certificate(of: "alice")) && text.contains("secretName: alice-etcd-secrets-"))
    // Without the Secrets too; a name that the file does not have is a mistake.
    let none = try bulkhead("manifest", "pod.yaml", "--secrets", "none", "--component", "shell=alice")
    #expect(none.code == 0 && none.out.contains("secretName: alice-etcd-secrets\n"), "\(none.all)")
    let wrong = try bulkhead("manifest", "pod.yaml", "--secrets", "none", "--component", "shell=bob")
    #expect(wrong.code == 1 && wrong.error.contains("'bob' is not an identity"), "\(wrong.all)")
    // calicoctl itself, as Documentation/manifest.md has it.
    let pod = try String(contentsOfFile: "\(folder.path)/pod.yaml", encoding: .utf8)
    let variable = "      env: [{name: ETCD_ENDPOINTS, value: \"https://10.0.0.1:2379\"}]\n"
    var bare = pod.replacing("name: shell\n", with: "name: calicoctl\n")
    let mounts = try #require(bare.firstRange(of: "      volumeMounts:\n"))
    bare.replaceSubrange(mounts.lowerBound..., with: variable)
    try bare.write(toFile: "\(folder.path)/ctl.yaml", atomically: true, encoding: .utf8)
    for arguments in [["--secrets", "none"], [], ["--secret-names", "fixed"]] {
      let outcome = try Program.run(
        Program.path, ["manifest", "ctl.yaml", "--component", "calicoctl=alice"] + arguments, in: folder.path)
      #expect(outcome.code == 0 && outcome.out.contains("secretName: alice-etcd-secrets"), "\(outcome.all)")
    }
    let unknown = try bulkhead("manifest", "pod.yaml", "--to", "out.yaml", "--component", "shell=bob")
    #expect(unknown.code == 1 && unknown.error.contains("'bob' is not an identity"), "\(unknown.all)")
  }
}
