import Foundation
import Manifests
import Testing

/// Names in a manifest that would be something else in the commands of the runbook.
@Suite struct HostileManifestNameTests {
  @Test(arguments: [
    "x; touch pwned #", "$(touch pwned)", "`touch pwned`", "a'b", "a\" b", "a&b", "a|b", "a>pwned", "a*",
  ])
  func `the commands of the runbook take each name as one word`(name: String) throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "bulkhead-runbook-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let quoted = "\"" + name.replacing("\"", with: "\\\"") + "\""
    let text = (SmallManifest.configMap + SmallManifest.daemonSet)
      .replacing("name: agents", with: "name: \(quoted)").replacing(
        "namespace: net", with: "namespace: \(quoted)")
    #expect(text.contains(quoted))
    let runbook = try Samples.segment(text).runbook(of: "it's \(name).yaml")
    let commands = runbook.split(separator: "\n").map { $0.drop { $0 == " " } }.filter {
      $0.hasPrefix("kubectl -n") || $0.hasPrefix("bulkhead manifest")
    }
    #expect(commands.count > 2, "\(runbook)")
    // A shell in which kubectl and bulkhead print their arguments, one on each line.
    let script =
      "kubectl() { printf 'arg %s\\n' \"$@\"; }\nbulkhead() { kubectl \"$@\"; }\n"
      + commands.joined(separator: "\n") + "\ntrue"
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/bash")
    shell.arguments = ["-c", script]
    shell.currentDirectoryURL = folder
    let output = Pipe()
    shell.standardOutput = output
    shell.standardError = output
    try shell.run()
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0, "\(printed)\n\(script)")
    #expect(printed.contains("arg \(name)\n"), "the namespace\n\(printed)")
    #expect(printed.contains("arg daemonset/\(name)\n"), "\(printed)")
    #expect(printed.contains("arg it's \(name).yaml\n"), "\(printed)")
    // Only the copies that the way back reads.
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(files.count == 1 && files.first?.wholeMatch(of: /before-[-A-Za-z0-9]+\.json/) != nil, "\(files)")
  }
}
