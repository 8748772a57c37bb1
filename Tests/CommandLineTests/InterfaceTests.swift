import Foundation
import TestSupport
import Testing

/// The rules that apply to every verb.
@Suite struct InterfaceTests {
  @Test func wrongUsageExitsWith64AndHelpWith0() throws {
    let folder = try TemporaryFolder()
    #expect(try Program.bulkhead("plann", in: folder.path).code == 64)
    #expect(try Program.bulkhead("plan", "--outputt", "json", in: folder.path).code == 64)
    #expect(try Program.bulkhead("verify", "--timeout", "0", in: folder.path).code == 64)
    let help = try Program.bulkhead("--help", in: folder.path)
    #expect(help.code == 0)
    for verb in ["init", "plan", "apply", "verify", "manifest", "certs", "demo"] {
      #expect(help.out.contains("\n  \(verb) "), "\(verb)")
      #expect(try Program.bulkhead(verb, "--help", in: folder.path).code == 0)
    }
  }

  @Test func anUnreachableClusterIsAnErrorThatNamesTheEndpoint() throws {
    let folder = try TemporaryFolder()
    #expect(try Program.bulkhead("certs", "authority", in: folder.path).code == 0)
    #expect(
      try Program.bulkhead("init", "--endpoint", "https://127.0.0.1:1", "--ca", "pki/ca.crt", in: folder.path)
        .code == 0)
    #expect(try Program.bulkhead("certs", "issue", "--root", in: folder.path).code == 0)
    let outcome = try Program.bulkhead("plan", in: folder.path)
    #expect(outcome.code == 1)
    #expect(outcome.error.contains("https://127.0.0.1:1"))
    #expect(outcome.error.contains("hint: "))
  }

  @Test func anExistingFileIsNotOverwritten() throws {
    let folder = try TemporaryFolder()
    try "mine".write(toFile: folder.path + "/bulkhead.yaml", atomically: true, encoding: .utf8)
    #expect(try Program.bulkhead("init", in: folder.path).code == 1)
    #expect(try String(contentsOfFile: folder.path + "/bulkhead.yaml", encoding: .utf8) == "mine")
    #expect(try Program.bulkhead("certs", "authority", in: folder.path).code == 0)
    let key = try String(contentsOfFile: folder.path + "/pki/ca.key", encoding: .utf8)
    #expect(try Program.bulkhead("certs", "authority", in: folder.path).code == 1)
    #expect(try String(contentsOfFile: folder.path + "/pki/ca.key", encoding: .utf8) == key)
  }

  @Test func redirectedSecretsAreNeverReadableByOthers() throws {
    let folder = try TemporaryFolder()
    #expect(try Program.bulkhead("certs", "authority", in: folder.path).code == 0)
    #expect(try Program.bulkhead("init", "--ca", "pki/ca.crt", in: folder.path).code == 0)
    #expect(try Program.bulkhead("certs", "issue", in: folder.path).code == 0)
    let demo = "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml"
    let script = "umask 022; '\(Program.path)' manifest '\(demo)' > out.yaml; stat -c %a out.yaml"
    let outcome = try Program.run("/bin/sh", ["-c", script], in: folder.path)
    #expect(outcome.out == "600\n", "\(outcome.all)")
    #expect(
      try String(contentsOfFile: folder.path + "/out.yaml", encoding: .utf8).contains(
        "calico-cni-etcd-secrets"))
    expectNoKey(in: outcome.all)
  }

  @Test func theReferencePageIsUpToDate() throws {
    let folder = try TemporaryFolder()
    let made = try Program.bulkhead("catalogue", "--markdown", in: folder.path)
    let page = try String(contentsOfFile: "\(Program.root)/Documentation/catalogue.md", encoding: .utf8)
    #expect(made.out == page, "run 'make docs'")
  }

  @Test func thePicturesOfTheReadmeAreUpToDate() throws {
    let folder = try TemporaryFolder()
    let drawn = try Program.run(
      "\(Program.root)/tools/pictures", [folder.path, Program.path], in: folder.path)
    #expect(drawn.code == 0, "\(drawn.all)")
    for name in ["leaks.svg", "key-space.svg"] {
      let made = try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
      let page = try String(contentsOfFile: "\(Program.root)/Documentation/\(name)", encoding: .utf8)
      #expect(made == page, "run 'make docs'")
    }
  }

  @Test func theReportIsOnePageThatSaysWhatWasNotAsked() throws {
    let folder = try TemporaryFolder()
    #expect(try Program.bulkhead("init", in: folder.path).code == 0)
    let written = try Program.bulkhead("report", "--to", "report.html", in: folder.path)
    #expect(written.code == 0 && written.out.isEmpty, "\(written.all)")
    let page = try String(contentsOfFile: folder.path + "/report.html", encoding: .utf8)
    #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("Not asked: whether etcd enforces this"))
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/report.html")
    #expect(attributes[.posixPermissions] as? Int == 0o640)
    // What is no result of verify is refused, and an earlier report is compared.
    try "{}".write(toFile: folder.path + "/x.json", atomically: true, encoding: .utf8)
    let refused = try Program.bulkhead("report", "--with", "x.json", in: folder.path)
    #expect(refused.code == 1 && refused.error.contains("hint: write it with 'bulkhead verify --output json"))
    #expect(
      try Program.bulkhead("report", "--output", "json", "--to", "old.json", in: folder.path).code == 0)
    let again = try Program.bulkhead(
      "report", "--output", "markdown", "--since", "old.json", in: folder.path)
    #expect(again.out.contains("## What has changed since") && again.out.contains("Nothing."), "\(again.all)")
  }

  @Test func aReleaseThatIsNotKnownIsRefusedOrAssumed() throws {
    let folder = try TemporaryFolder()
    let refused = try Program.bulkhead("catalogue", "typha", "--calico", "v3.40", in: folder.path)
    #expect(refused.code == 1)
    #expect(refused.error.contains("hint: the nearest release in the catalogue is v3.33"))
    let assumed = try Program.bulkhead("catalogue", "typha", "--calico", "v3.40", "--assume", in: folder.path)
    #expect(assumed.code == 0)
    #expect(assumed.out.hasPrefix("typha on Calico v3.33"))
  }

  @Test func aManifestOnStandardInputNeedsNoFile() throws {
    let folder = try TemporaryFolder()
    let text = try String(
      contentsOfFile: "\(Program.root)/Sources/bulkhead/Example/calico-etcd.yaml", encoding: .utf8)
    let once = try Program.bulkhead("manifest", "--secrets", "none", in: folder.path, input: text)
    #expect(once.code == 0, "\(once.error)")
    #expect(once.out.contains("secretName: calico-cni-etcd-secrets"))
    let twice = try Program.bulkhead("manifest", "--secrets", "none", in: folder.path, input: once.out)
    #expect(twice.out == once.out)
    #expect(try Program.bulkhead("manifest", "--check", in: folder.path, input: text).code == 2)
    #expect(try Program.bulkhead("manifest", "--check", in: folder.path, input: once.out).code == 0)
    let refused = try Program.bulkhead(
      "manifest", "--secrets", "none", in: folder.path, input: "kind: List\nitems: []\n")
    #expect(refused.code == 1)
    #expect(refused.out.isEmpty)
  }
}
