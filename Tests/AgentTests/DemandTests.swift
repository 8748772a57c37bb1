import AgentFile
import Certificates
import Files
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Agent

/// What an administrator asks an agent for, and what a probe of a pod sees.
@Suite struct DemandTests {
  @Test func aRequestedCertificateIsRequestedAlthoughNoneIsDueAndSaysWhy() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let first = try node.held().fingerprint
    agent.request(.requested)
    #expect(try await agent.lookOnce().renewed == "requested")
    #expect(try node.held().fingerprint != first)
    #expect(node.source.state.withLock(\.reasons) == [nil, .requested])
    // It is met once.
    #expect(try await agent.lookOnce().renewed == nil)
    #expect(node.source.asked == 2)
  }

  @Test func aRequestIsKeptUntilTheSourceAnswers() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    node.source.fail(true)
    agent.request(.requested)
    let failed = try await agent.lookOnce()
    #expect(failed.state == .good && failed.fault != nil)
    #expect(AgentStanding.exitCode([failed]) == 2)
    // Not before its pause has ended.
    #expect(try await agent.lookOnce().fault == nil)
    #expect(node.source.asked == 2)
    node.source.fail(nil)
    node.pass(2)
    #expect(try await agent.lookOnce().renewed == "requested")
  }

  @Test func aProbeTakesADueCertificateAndNotAnExpiredOne() async throws {
    let node = try Node()
    var agent = try node.agent()
    #expect(try AgentStanding.probeExitCode(agent.check()) == 1)
    _ = try await agent.lookOnce()
    #expect(try AgentStanding.probeExitCode(agent.check()) == 0)
    node.pass(50_000)
    #expect(try agent.check().map(\.state) == [.due])
    #expect(try AgentStanding.exitCode(agent.check()) == 2)
    #expect(try AgentStanding.probeExitCode(agent.check()) == 0)
    node.pass(50_000)
    #expect(try AgentStanding.probeExitCode(agent.check()) == 1)
  }

  /// A node that restarts while its source is unreachable: the folder is on its disk.
  @Test func theLastPairServesARestartedNode() async throws {
    let node = try Node()
    var agent = try node.agent("directoryMode: 0700")
    _ = try await agent.lookOnce()
    #expect(try node.mode("out") == 0o700)
    let first = try node.held().fingerprint
    node.source.fail(true)
    node.pass(50_000)
    agent = try node.agent("directoryMode: 0700")
    #expect(try await agent.lookOnce().state == .due)
    #expect(try AgentStanding.probeExitCode(agent.check()) == 0)
    #expect(try node.held().fingerprint == first)
  }

  @Test func aFolderThatTheKubeletCreatedIsClosed() async throws {
    let node = try Node()
    try Directory.create("\(node.folder)/out")
    #expect(chmod("\(node.folder)/out", 0o755) == 0)
    var agent = try node.agent("directoryMode: 0700")
    _ = try await agent.lookOnce()
    #expect(try node.mode("out") == 0o700)
    for wrong in ["0777", "0770", "0600", "x", "1700"] {
      #expect(throws: (any Error).self) { try node.agent("directoryMode: \(wrong)") }
    }
  }

  /// The CNI plugin reads the copy: a certificate that is not there is not ready.
  @Test func aCopyThatIsMissingOrStaleIsNotReady() async throws {
    let node = try Node()
    let more = "cniCopy: copy"
    var agent = try node.agent(more)
    let first = try await agent.lookOnce()
    #expect(first.state == .good && first.fault == nil)
    let status = AgentStatus()
    for change in [
      { try FileManager.default.removeItem(atPath: "\(node.folder)/copy/etcd-key") },
      { try node.write("copy/etcd-cert", "nothing") },
      { try FileManager.default.removeItem(atPath: "\(node.folder)/copy") },
    ] {
      try change()
      let standing = try #require(try agent.check().first)
      #expect(standing.state == .unusable && standing.fault?.contains("the CNI plugin's copy in") == true)
      #expect(AgentStanding.exitCode([standing]) == 1 && AgentStanding.probeExitCode([standing]) == 1)
      status.show([standing], at: node.now)
      #expect(status.unready(now: node.now)?.count == 1)
      #expect(status.metrics(now: node.now).contains("ready_status{identity=\"felix\"} 0"))
      // The next check of the running agent repairs it.
      #expect(try await agent.lookOnce().state == .good)
    }
    // A folder that it may not write is reported, by the probe too.
    try FileManager.default.removeItem(atPath: "\(node.folder)/copy")
    try node.write("copy", "a file in the place of the folder")
    let blocked = try await agent.lookOnce()
    #expect(blocked.state == .unusable && blocked.fault != nil)
    #expect(try AgentStanding.probeExitCode(agent.check()) == 1)
  }

  /// A roll-over: the source issues from another authority, and certificates live long.
  @Test func aReplacedAuthorityIsNoticedAndRenewedFromOnce() async throws {
    let node = try Node()
    node.source.state.withLock { $0.lifetime = 90 * 86_400 }
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    node.source.state.withLock { $0.isReplaced = true }
    // Neither a question at each check, nor a renewal of all agents at once.
    var renewals: [String] = []
    for _ in 0..<120 {
      node.pass(60)
      if let reason = try await agent.lookOnce().renewed { renewals.append(reason) }
    }
    // The source goes on saying so: the certificate that it gave is not renewed again.
    #expect(renewals == ["requested"])
    #expect(node.source.state.withLock(\.reasons) == [nil, .newAuthority])
    #expect((1...13).contains(node.source.state.withLock(\.askedForAuthority)))
  }

  /// The source notices its own mistake: the next request is the ordinary one, when the certificate is due.
  @Test func aRefusedNewAuthorityIsNotRepeatedUntilTheEnd() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    agent.request(.newAuthority)
    node.source.fail(false)
    let refused = try await agent.lookOnce()
    #expect(refused.state == .good && refused.fault != nil)
    node.source.fail(nil)
    // Half of a day is the certificate's own time.
    node.pass(3_600)
    #expect(try await agent.lookOnce().renewed == nil)
    node.pass(43_200)
    #expect(try await agent.lookOnce().renewed == "due")
    #expect(node.source.state.withLock(\.reasons) == [nil, .newAuthority, nil])
  }

  @Test func anUnreachableSourceIsAskedAgainForItsAuthority() async throws {
    let node = try Node()
    node.source.state.withLock { $0.lifetime = 90 * 86_400 }
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    node.source.fail(true)
    for _ in 0..<60 {
      node.pass(60)
      let standing = try await agent.lookOnce()
      #expect(standing.state == .good && standing.fault == nil)
    }
    #expect(node.source.asked == 1)
    node.source.fail(nil)
    node.source.state.withLock { $0.isReplaced = true }
    var renewals: [String] = []
    for _ in 0..<40 {
      node.pass(60)
      if let reason = try await agent.lookOnce().renewed { renewals.append(reason) }
    }
    #expect(renewals == ["requested"])
  }
}
