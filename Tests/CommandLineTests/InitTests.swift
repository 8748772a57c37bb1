import Foundation
import TestSupport
import Testing

/// `bulkhead init` on a terminal and without one. What it finds is tested in DiscoveryTests.
@Suite(.timeLimit(.minutes(5))) struct InitTests {
  /// A folder without files of any installer, so that the host of the tests does not matter.
  private func folder() throws -> (folder: TemporaryFolder, options: [String]) {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: "\(folder.path)/host", withIntermediateDirectories: true)
    return (folder, ["init", "--host-root", "\(folder.path)/host"])
  }

  private func file(in folder: TemporaryFolder) throws -> String {
    try String(contentsOfFile: "\(folder.path)/bulkhead.yaml", encoding: .utf8)
  }

  @Test func aPersonIsAskedWhatIsNotKnown() throws {
    let (folder, options) = try folder()
    // One answer is wrong and asked again, one is left to the default.
    let outcome = try PseudoTerminal.bulkhead(
      options + ["--ca", "etcd-ca.crt"], in: folder.path,
      typing: [
        "prod-eu", "http://10.0.0.11:2379", "https://10.0.0.11:2379,https://10.0.0.12:2379", "v3.31",
        "kube-apiserver-etcd-client", "",
      ])
    #expect(outcome.code == 0, "\(outcome.shown)")
    #expect(outcome.shown.contains("is not an https URL"), "\(outcome.shown)")
    #expect(!outcome.shown.contains("--cacert"), "what was given is not asked: \(outcome.shown)")
    #expect(!outcome.shown.contains("neither given nor found"), "\(outcome.shown)")
    let text = try file(in: folder)
    for line in [
      "cluster: prod-eu", "endpoints: [https://10.0.0.11:2379, https://10.0.0.12:2379]", "ca: etcd-ca.crt",
      "version: v3.31", "apiserver: kube-apiserver-etcd-client", "# calicoctl:",
    ] {
      #expect(text.contains(line), "\(line): \(text)")
    }
  }

  @Test func theEndOfTheInputWritesNothing() throws {
    let (folder, options) = try folder()
    let outcome = try PseudoTerminal.bulkhead(options, in: folder.path, typing: ["prod"])
    #expect(outcome.code == 1 && outcome.shown.contains("no file was written"), "\(outcome.shown)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/bulkhead.yaml"))
  }

  @Test func whatThereIsToAskIsNotAskedWithOnlyGiven() throws {
    let folder = try TemporaryFolder()
    let outcome = try PseudoTerminal.bulkhead(["init", "--only-given"], in: folder.path, typing: [])
    #expect(outcome.code == 0, "\(outcome.shown)")
    #expect(try file(in: folder).contains("cluster: my-cluster"))
  }

  /// Without a terminal nothing is asked, and what is only a default is named with its option.
  @Test func aScriptIsToldWhatIsADefault() throws {
    let (folder, options) = try folder()
    let outcome = try Program.run(
      Program.path, options + ["--cluster", "prod"], in: folder.path, input: "not read\n")
    #expect(outcome.code == 0, "\(outcome.all)")
    for line in [
      "--endpoint   https://127.0.0.1:2379", "--ca         pki/etcd-ca.crt", "--calico     v3.32.1",
    ] {
      #expect(outcome.error.contains("  \(line)\n"), "\(outcome.error)")
    }
    #expect(!outcome.error.contains("--cluster"), "\(outcome.error)")
    #expect(
      outcome.error.contains(
        "'bulkhead certs authority --clients-only', 'bulkhead certs issue --root', 'bulkhead plan'"),
      "\(outcome.error)")
  }

  /// The commands of the last line work one after the other, up to the question to etcd.
  @Test func theNextStepsWork() throws {
    let (folder, options) = try folder()
    var outcome = try Program.run(
      Program.path, options + ["--endpoint", "https://127.0.0.1:1", "--ca", "pki/ca.crt"], in: folder.path)
    #expect(outcome.code == 0, "\(outcome.all)")
    for match in outcome.error.matches(of: /'bulkhead ([^']+)'/).map({ String($0.1) }) where match != "plan" {
      let step = try Program.run(
        Program.path, match.split(separator: " ").map(String.init), in: folder.path)
      #expect(step.code == 0, "\(match): \(step.all)")
    }
    outcome = try Program.run(Program.path, ["plan"], in: folder.path)
    #expect(outcome.code == 1 && outcome.error.contains("127.0.0.1:1"), "\(outcome.all)")
  }

  @Test func filesOfTheHostAndAManifest() throws {
    let (folder, options) = try folder()
    let etcd = "\(folder.path)/host/etc/kubernetes/manifests"
    try FileManager.default.createDirectory(atPath: etcd, withIntermediateDirectories: true)
    try """
    spec:
      containers:
      - command: [etcd, --advertise-client-urls=https://10.0.0.11:2379, --client-cert-auth=true]
        image: registry.k8s.io/etcd:3.5.21-0
    """.write(toFile: "\(etcd)/etcd.yaml", atomically: true, encoding: .utf8)
    let manifest = try String(
      contentsOfFile: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", encoding: .utf8)
    let outcome = try Program.run(
      Program.path, options + ["--manifest", "-"], in: folder.path, input: manifest)
    #expect(outcome.code == 0, "\(outcome.all)")
    #expect(
      outcome.error.contains(
        "found etcd.endpoints: https://10.0.0.11:2379 (--advertise-client-urls in /etc/kubernetes/manifests/etcd.yaml)"
      ), "\(outcome.error)")
    #expect(outcome.error.contains("(the images in standard input)"), "\(outcome.error)")
    #expect(try file(in: folder).contains("endpoints: [https://10.0.0.11:2379]"))
  }

  @Test func theFileGoesToStandardOutput() throws {
    let (folder, options) = try folder()
    let outcome = try Program.run(Program.path, options + ["--file", "-"], in: folder.path)
    #expect(outcome.code == 0 && outcome.out.hasPrefix("# "), "\(outcome.all)")
    let checked = try Program.run(Program.path, ["lint", "-"], in: folder.path, input: outcome.out)
    #expect([0, 2].contains(checked.code), "\(checked.all)")
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/bulkhead.yaml"))
  }
}
