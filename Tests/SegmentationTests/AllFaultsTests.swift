import StrictYAML
import Testing

@testable import Segmentation

/// Faults of a file as a whole.
@Suite struct AllFaultsTests {
  @Test func allFaultsAreReportedAtOnceInTheOrderOfTheLines() throws {
    let text =
      goodFile
      .replacing("prod-eu", with: "12").replacing("v3.32.1", with: "v9").replacing(
        "https://10", with: "http://10"
      )
      .replacing("cni-plugin", with: "cni").replacing("user: alice", with: "user: root")
      .replacing("lifetime", with: "lifetme").replacing("node-1", with: "NODE") + "extra: 1\n"
    #expect(
      try faults(text).map { $0.prefix { $0 != " " } } == [
        "3:10:", "5:12:", "9:15:", "14:27:", "16:12:", "23:9:", "28:3:", "30:1:",
      ])
  }

  @Test func faultsArePrintedInTheFormatOfCompilers() throws {
    let error = try #require(throws: FileFaults.self) {
      try read(edited("cluster:", "clutser:").replacing("key: pki/root.key", with: "key: ''"))
    }
    #expect(
      error.description
        == "bulkhead.yaml:3:1: unknown key 'clutser' in the file\n  hint: did you mean 'cluster'?\n"
        + "bulkhead.yaml:12:8: 'etcd.key' is empty")
  }

  @Test(arguments: ["", "\n", "# only a remark\n", "\u{feff}", "   \n"]) func anEmptyFile(text: String) throws
  {
    #expect(try faults(text) == ["1:1: the file is empty | 'bulkhead init' writes one to begin with"])
  }

  @Test func aFileThatIsNotAMapping() throws {
    let keys =
      "its keys: apiVersion, kind, cluster, calico, etcd, isolation, components, calicoctl, custom, roles, nodes, kubernetes, administrators, certificates, management, owner, protect, rules, accept"
    #expect(try faults("- a\n").first == "1:1: the file must be a mapping, found a list | \(keys)")
    #expect(try faults("just words\n").first == "1:1: the file must be a mapping, found a text | \(keys)")
    #expect(try faults("---\n").first == "2:1: the file must be a mapping, found nothing | \(keys)")
  }

  @Test func aSecondDocument() throws {
    #expect(
      try faults(goodFile + "---\na: b\n") == [
        "31:1: the file holds a second document | one file, one segmentation"
      ])
    // An invalid second document is a fault as well, and the faults of the first are reported too.
    #expect(
      try faults(edited("prod-eu", "12") + "---\na: [\n").map { $0.prefix { $0 != " " } } == [
        "3:10:", "32:1:",
      ])
  }

  @Test func invalidYAML() throws {
    let tab =
      "2:1: this is not valid YAML: found a tab character that violates indentation | indent with spaces"
    #expect(try faults("cluster: a\n\tkind: b\n") == [tab])
    #expect(
      try faults("cluster: @a\n") == [
        "1:10: this is not valid YAML: found character that cannot start any token | indent with spaces, and put a value like this in quotes"
      ])
    #expect(
      try faults("a: [1, 2\n") == ["2:1: this is not valid YAML: did not find expected ',' or ']'"])
    #expect(try faults("a: *b\n") == ["1:4: this is not valid YAML: found undefined alias"])
    #expect(
      try faults("a: b\nc: \u{1}\n") == [
        "2:4: this is not valid YAML: control characters are not allowed | write the character as an escape in double quotes"
      ])
  }

  @Test func everyDuplicateKeyIsReportedWithBothLines() throws {
    let text = try edited("cluster: prod-eu", "cluster: prod-eu\n'cluster': a\nkind: b")
      .replacing("  roles: corrected", with: "  roles: corrected\n  \"roles\": documented")
      .replacing("user: alice", with: "user: alice, user: bob")
    let found = try faults(text)
    #expect(
      found == [
        "2:1: the key 'kind' is already used on line 5 | keep one of them",
        "3:1: the key 'cluster' is already used on line 4 | keep one of them",
        "5:7: 'kind' cannot be 'b' | write 'Segmentation'",
        "8:3: the key 'roles' is already used on line 9 | keep one of them",
        "19:6: the key 'user' is already used on line 19 | keep one of them",
      ])
    #expect(
      try faults(edited("cluster: prod-eu", "cluster: a\ncluster: b\ncluster: c")) == [
        "3:1: the key 'cluster' is already used on line 5 | keep one of them",
        "4:1: the key 'cluster' is already used on line 5 | keep one of them",
      ])
    #expect(try faults("? [a]\n: 1\n? [a]\n: 2\n").count == 1)
    #expect(
      try faults((1...150).map { _ in "a: b\n" }.joined()).first?.hasSuffix("appears twice in one mapping")
        == true)
  }

  /// Whatever is cut off or missing, the file is read, or refused with a place inside it; nothing crashes.
  @Test func damagedFilesAreFaultsAndNeverCrash() throws {
    let scalars = Array(goodFile.unicodeScalars)
    var texts = scalars.indices.map { Array(scalars[..<$0]) }
    texts += scalars.indices.map { Array(scalars[..<$0]) + scalars[($0 + 1)...] }
    for stray in ["\"", "[", "{", ":", "&", "*", "\t", "\u{0}"] as [Unicode.Scalar] {
      texts += stride(from: 0, to: scalars.count, by: 7).map {
        Array(scalars[..<$0]) + [stray] + scalars[$0...]
      }
    }
    var readable = 0
    for scalars in texts {
      var view = String.UnicodeScalarView()
      view.append(contentsOf: scalars)
      let text = String(view)
      do {
        _ = try read(text)
        readable += 1
      } catch let error as FileFaults {
        let lines = scalars.count { $0 == "\n" } + 1
        #expect(!error.faults.isEmpty)
        for fault in error.faults {
          #expect((1...lines).contains(fault.line), "\(fault) in \(text)")
          #expect(fault.column >= 1)
          #expect(!fault.message.isEmpty && !fault.message.contains("\n"), "\(fault)")
        }
      }
    }
    // A letter removed from a name is not a fault; most damage is one.
    #expect(readable > 20 && readable < texts.count / 2)
  }
}
