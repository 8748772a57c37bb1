import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// Documentation/tutorial.md, typed into one shell, line by line.
@Suite(.startsEtcd, .timeLimit(.minutes(30))) struct TutorialTests {
  struct Block {
    let isShell: Bool
    let text: String
  }

  /// The blocks of the page: what is typed, and what is seen of the answer.
  private static func blocks() throws -> [Block] {
    try String(contentsOfFile: "\(Program.root)/Documentation/tutorial.md", encoding: .utf8)
      .matches(of: /(?s)```(sh|text)\n(.*?)```/).map { Block(isShell: $0.1 == "sh", text: String($0.2)) }
  }

  @Test(arguments: Server.all.filter { $0.version == "3.5.30" && $0.members == 3 })
  func eachLineOfThePageWorks(server: Server) async throws {
    let folder = try TemporaryFolder()
    let blocks = try Self.blocks()
    #expect(blocks.count > 15)
    // The ports of the page may be in use here.
    let ports = try FreePorts.take(6)
    let names = ["1${1}379", "1${1}380"]
    let script = blocks.enumerated().filter(\.element.isShell).map { number, block in
      "echo '== block \(number)'\n\(block.text)"
    }.joined(separator: "\n")
    var page = script
    for (index, name) in names.enumerated() {
      page = page.replacing(name, with: "${port\(index)[$1]}")
      for member in 1...3 {
        let port = "1\(member)\(index == 0 ? "379" : "380")"
        page = page.replacing(port, with: "\(ports[3 * index + member - 1])")
      }
    }
    #expect(page != script)
    // A code that no verb of the page has is noticed; servers end with the shell, however far it comes.
    let whole = """
      port0=(0 \(ports[0...2].map(String.init).joined(separator: " ")))
      port1=(0 \(ports[3...5].map(String.init).joined(separator: " ")))
      trap 'for file in etcd-?.pid */etcd-?.pid; do [ -e "$file" ] && kill -9 $(cat "$file"); done 2>/dev/null' EXIT
      bulkhead() {
        command bulkhead "$@"; local code=$?
        case "$code $1" in 0*|"2 can"|"2 plan"|"2 verify"|"2 lint") ;; *) echo "unexpected: bulkhead $* ends with $code" ;; esac
        return $code
      }
      \(page)
      """
    try whole.write(toFile: "\(folder.path)/page.sh", atomically: true, encoding: .utf8)
    let bin = URL(fileURLWithPath: Program.path).deletingLastPathComponent().path
    let etcd = URL(fileURLWithPath: server.binary).deletingLastPathComponent().path
    let path = folder.path
    let outcome = try await aside {
      try Program.run(
        "/usr/bin/timeout", ["600", "/bin/bash", "-c", "exec 2>&1; . ./page.sh"], in: path,
        environment: ["PATH": "\(bin):\(etcd):/usr/bin:/bin", "ETCDCTL_API": "3"])
    }
    #expect(!outcome.out.contains("unexpected: "), "\(outcome.all)")
    var seen = outcome.out[...]
    for (number, block) in blocks.enumerated() {
      if block.isShell {
        let start = try #require(seen.firstRange(of: "== block \(number)\n"), "\(outcome.all)")
        seen = seen[start.upperBound...]
        continue
      }
      let answer = seen[..<(seen.firstRange(of: "== block")?.lowerBound ?? seen.endIndex)]
      for line in block.text.split(separator: "\n") {
        #expect(answer.contains(line), "block \(number) of the page shows '\(line)', but: \(answer)")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/bulkhead-tutorial"))
  }
}
