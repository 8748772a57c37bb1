import AgentFile
import Files
import Foundation
import Glibc
import Testing

@testable import Agent

@Suite struct AfterChangeTests {
  private func runs(_ node: Node) throws -> Int {
    try FileContents.readIfPresent(node.folder + "/log")?.count ?? 0
  }

  @Test func runsACommandOnceForEachChange() async throws {
    let node = try Node()
    let hook = "afterChange: {command: [/bin/sh, -c, 'printf x >> \(node.folder)/log']}"
    var agent = try node.agent(hook)
    _ = try await agent.lookOnce()
    _ = try await agent.lookOnce()
    agent = try node.agent(hook)
    _ = try await agent.lookOnce()
    #expect(try runs(node) == 1)
    node.pass(50_000)
    _ = try await agent.lookOnce()
    #expect(try runs(node) == 2)
  }

  @Test func retriesAFailedCommand() async throws {
    let node = try Node()
    let hook =
      "afterChange: {command: [/bin/sh, -c, 'printf x >> \(node.folder)/log; test -f \(node.folder)/go']}"
    var agent = try node.agent(hook)
    let failed = try await agent.lookOnce()
    #expect(failed.fault == "the command after a change, /bin/sh, ended with status 1")
    #expect(failed.state == .good)
    #expect(AgentStanding.exitCode([failed]) == 2)
    // The next run completes one that was killed in between.
    agent = try node.agent(hook)
    #expect(try await agent.lookOnce().fault != nil)
    try node.write("go", "")
    #expect(try await agent.lookOnce().fault == nil)
    #expect(try await agent.lookOnce().fault == nil)
    #expect(try runs(node) == 3)
    #expect(node.source.asked == 1)
  }

  @Test func reportsAMissingProgram() async throws {
    let node = try Node()
    var agent = try node.agent("afterChange: {command: [/nonexistent/program]}")
    #expect(
      try await agent.lookOnce().fault
        == "the command after a change, /nonexistent/program, cannot be started")
  }

  @Test func signalsAProcess() async throws {
    let node = try Node()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c",
      "trap 'printf x >> \(node.folder)/log' HUP; printf ready > \(node.folder)/ready; while :; do sleep 0.1; done",
    ]
    try process.run()
    defer { process.terminate() }
    for _ in 0..<300 where try FileContents.readIfPresent(node.folder + "/ready") == nil {
      try await Task.sleep(for: .milliseconds(100))
    }
    try node.write("pid", "\(process.processIdentifier)\n")
    var agent = try node.agent("afterChange: {signal: HUP, pidFile: pid}")
    #expect(try await agent.lookOnce().fault == nil)
    for _ in 0..<300 where try runs(node) == 0 { try await Task.sleep(for: .milliseconds(100)) }
    #expect(try runs(node) == 1)
  }

  @Test(.enabled(if: geteuid() == 0, "only root may give files away"))
  func aFileOfAnotherUserDoesNotNameAProcessOfRoot() async throws {
    let node = try Node()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sleep")
    process.arguments = ["600"]
    try process.run()
    // Not SIGTERM, which a child of this process may ignore.
    defer { kill(process.processIdentifier, SIGKILL) }
    try node.write("pid", "\(process.processIdentifier)\n")
    #expect(chown(node.folder + "/pid", 65_534, 0) == 0)
    var agent = try node.agent("afterChange: {signal: TERM, pidFile: pid}")
    #expect(try await agent.lookOnce().fault?.contains("belongs to the user 65534") == true)
    #expect(process.isRunning)
  }

  @Test func ignoresAMissingProcess() async throws {
    let node = try Node()
    var agent = try node.agent("afterChange: {signal: HUP, pidFile: pid}")
    #expect(try await agent.lookOnce().fault == nil)
    let other = try Node()
    try other.write("pid", "0")
    agent = try other.agent("afterChange: {signal: HUP, pidFile: pid}")
    #expect(try await agent.lookOnce().fault?.hasSuffix("/pid holds no process id") == true)
  }
}
