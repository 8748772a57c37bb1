import AgentFile
import CertificateSources
import Certificates
import Files
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Agent

/// Tests with real files, a source that the test controls, and a clock that it sets.
@Suite struct AgentTests {
  @Test func theFirstCheckWritesACompletePair() async throws {
    let node = try Node()
    var agent = try node.agent("keyMode: 0640, certificateMode: 0444")
    #expect(try agent.check().first?.state == .unusable)
    let standing = try await agent.lookOnce()
    #expect(standing.state == .good)
    #expect(standing.renewed == "missing")
    #expect(standing.fault == nil)
    #expect(standing.renewal == node.now + 43_200)
    #expect(try node.held().user == "felix")
    #expect(try node.mode("out/etcd-key") == 0o640)
    #expect(try node.mode("out/etcd-cert") == 0o444)
    #expect(try node.text("out/etcd-ca") == node.text("etcd-ca.crt"))
    #expect(try agent.check().first?.state == .good)
    #expect(AgentStanding.exitCode([standing]) == 0)
  }

  @Test func aRestartRequestsNothingAndADueCertificateRenewsItself() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let first = try node.held().fingerprint
    for _ in 0..<5 {
      node.pass(3_600)
      agent = try node.agent()
      #expect(try await agent.lookOnce().renewed == nil)
    }
    #expect(node.source.asked == 1)
    node.pass(43_200)
    #expect(try agent.check().first?.state == .due)
    #expect(try await agent.lookOnce().renewed == "due")
    #expect(try node.held().fingerprint != first)
    #expect(node.source.state.withLock(\.currents) == [nil, first])
  }

  @Test func keepsTheFilesWhileTheSourceIsUnreachable() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let first = try node.held().fingerprint
    node.source.fail(true)
    node.pass(50_000)
    let standing = try await agent.lookOnce()
    #expect(standing.state == .due)
    #expect(standing.fault == "it is away")
    #expect(AgentStanding.exitCode([standing]) == 2)
    #expect(try node.held().fingerprint == first)
    // During the pause no request is sent, except on demand.
    #expect(try await agent.lookOnce().fault == nil)
    #expect(node.source.asked == 2)
    #expect(try await agent.lookOnce(isAsked: true).fault != nil)
    #expect(node.source.asked == 3)
    // After the certificate's end the files stay and are reported as unusable.
    node.pass(50_000)
    let ended = try await agent.lookOnce()
    #expect(ended.state == .unusable)
    #expect(AgentStanding.exitCode([ended]) == 1)
    #expect(try node.held().fingerprint == first)
    node.source.fail(nil)
    node.pass(301)
    #expect(try await agent.lookOnce().renewed == "expired")
    #expect(node.source.state.withLock(\.currents).last == .some(nil))
  }

  /// The plugin's handles begin with the name of the network, so with another one no pod gets an address.
  @Test func nothingIsRequestedForAnotherNetworkThanTheHosts() async throws {
    let node = try Node()
    try Directory.create("\(node.folder)/net.d")
    let agent = "cniNetwork: {name: k8s-pod-network, folder: net.d}"
    var first = try node.agent(agent)
    try node.write("net.d/10-calico.conflist", #"{"name": "cni0", "plugins": [{"type": "calico"}]}"#)
    let refused = try await first.lookOnce()
    #expect(refused.state == .unusable && node.source.asked == 0)
    #expect(refused.fault?.contains("names the CNI network 'cni0'") == true, "\(refused)")
    #expect(refused.hint?.contains("write 'network: cni0' under 'calico' in bulkhead.yaml") == true)
    #expect(try first.check().first?.fault == refused.fault)
    // Others' networks, and files that libcni does not load, do not matter.
    try node.write(
      "net.d/10-calico.conflist", #"{"name": "k8s-pod-network", "plugins": [{"type": "calico"}]}"#)
    try node.write("net.d/20-other.conf", #"{"name": "lo", "type": "loopback"}"#)
    try node.write("net.d/calico.conflist.template", #"{"name": "x", "type": "calico"}"#)
    try node.write("net.d/notes.conf", "of another program")
    try node.write(
      "net.d/30-canal.conf",
      #"{"name": "canal", "type": "calico", "ipam": {"type": "host-local"}, "policy": {"type": "k8s"}}"#)
    var second = try node.agent(agent)
    #expect(try await second.lookOnce().fault == nil)
    // A certificate in use is renewed, and the difference is reported.
    try node.write("net.d/10-calico.conflist", #"{"name": "cni0", "plugins": [{"type": "calico"}]}"#)
    node.pass(50_000)
    let renewed = try await second.lookOnce()
    #expect(renewed.renewed == "due" && renewed.state == .good && renewed.fault?.contains("'cni0'") == true)
    #expect(try AgentStanding.exitCode(second.check()) == 2)
    try node.write("net.d/10-calico.conflist", #"{"name": "k8s-pod-network", "plugins": [{"type": "calico""#)
    #expect(try second.check().first?.fault?.contains("is not JSON") == true)
  }

  @Test func aSlowRequestDoesNotDelayOtherCertificates() async throws {
    let node = try Node()
    let note = node.folder + "/note"
    let agent = try node.agent(
      others: ["identity: typha, directory: typha, afterChange: {command: [/usr/bin/touch, \(note)]}"])
    node.source.state.withLock { $0.heldUp = ["felix"] }
    let looking = Task {
      var agent = agent
      return await agent.look()
    }
    for _ in 0..<6_000 where access(note, F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(try node.held("typha").user == "typha")
    #expect(access(note, F_OK) == 0)
    #expect(access(node.folder + "/out/etcd-key", F_OK) != 0)
    node.source.state.withLock { $0.heldUp = [] }
    let standings = await looking.value.standings
    #expect(standings.map(\.identity) == ["felix", "typha"])
    #expect(standings.map(\.state) == [.good, .good])
    #expect(try node.held().user == "felix")
  }

  @Test func noticesANewStoredCertificateBeforeTheOldOneIsDue() async throws {
    let node = try Node()
    node.source.state.withLock { $0.revisit = .seconds(600) }
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    func store() throws {
      let other = try node.source.authority.issue(client: "felix", lifetime: .seconds(86_400), now: node.now)
      node.source.state.withLock { $0.gives = other }
    }
    try store()
    node.pass(400)
    #expect(try await agent.lookOnce().renewed == nil)
    #expect(node.source.asked == 1)
    node.pass(200)
    #expect(try await agent.lookOnce().renewed == "changed")
    node.pass(600)
    #expect(try await agent.lookOnce().renewed == nil)
    #expect(node.source.asked == 3)
    // The source is unreachable, but the certificate is valid, so no fault is reported.
    node.source.fail(true)
    node.pass(600)
    #expect(try await agent.lookOnce().fault == nil)
    node.source.fail(nil)
    try store()
    #expect(try await agent.lookOnce().renewed == nil)
    #expect(try await agent.lookOnce(isAsked: true).renewed == "changed")
  }

  @Test func neverWritesACertificateOfAnotherIdentity() async throws {
    let node = try Node()
    var agent = try node.agent()
    node.source.state.withLock { $0.identity = "felix.node-2" }
    let standing = try await agent.lookOnce()
    #expect(standing.state == .unusable)
    #expect(
      standing.fault
        == "the certificate that the fake gave for \"felix\" is not used: its certificate does not have the user as its one Common Name"
    )
    #expect(try FileContents.readIfPresent(node.folder + "/out/etcd-key") == nil)
    node.source.state.withLock { $0.identity = nil }
    node.pass(301)
    _ = try await agent.lookOnce()
    let first = try node.held().fingerprint
    node.source.state.withLock { $0.identity = "felix.node-2" }
    node.pass(50_000)
    #expect(try await agent.lookOnce().state == .due)
    #expect(try node.held().fingerprint == first)
  }

  @Test func recoversAfterTheClockWasChanged() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let first = try node.held().fingerprint
    let right = node.now
    // Ten years ahead: a certificate from the source, whose clock is right, is expired too.
    node.setClock(right + 10 * 365 * 86_400)
    #expect(try await agent.lookOnce().state == .unusable)
    #expect(try node.held().fingerprint == first)
    node.setClock(right + 5)
    #expect(try await agent.lookOnce().state == .good)
    // Ten years back: neither certificate is valid yet.
    node.setClock(right - 10 * 365 * 86_400)
    #expect(try await agent.lookOnce().fault?.contains("it is not valid yet") == true)
    #expect(try node.held().fingerprint == first)
    node.setClock(right + 10)
    #expect(try await agent.lookOnce().state == .good)
    #expect(try node.held().fingerprint == first)
  }

  @Test func replacesADamagedFile() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let data = try FileManager.default.destinationOfSymbolicLink(atPath: node.folder + "/out/..data")
    try node.write("out/\(data)/etcd-cert", "-----BEGIN CERT")
    #expect(try await agent.lookOnce().renewed == "missing")
    #expect(try node.held().user == "felix")
    // Modes and links are repaired without a request.
    let asked = node.source.asked
    let next = try FileManager.default.destinationOfSymbolicLink(atPath: node.folder + "/out/..data")
    #expect(chmod("\(node.folder)/out/\(next)/etcd-key", 0o644) == 0)
    #expect(unlink(node.folder + "/out/etcd-cert") == 0)
    _ = try await agent.lookOnce()
    #expect(try node.mode("out/etcd-key") == 0o600)
    #expect(try node.held().user == "felix")
    #expect(node.source.asked == asked)
  }

  /// Programs read the names in the folder, not what `..data` leads to.
  @Test(arguments: [
    "rm etcd-key", "rm etcd-ca", "rm etcd-cert && echo other >etcd-cert", ": >etcd-ca",
    "rm etcd-key && mkdir etcd-key", "rm etcd-key && ln -s /etc/hostname etcd-key",
  ])
  func seesAndRepairsWhatProgramsDoNotFind(damage: String) async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-euc", damage]
    shell.currentDirectoryURL = URL(fileURLWithPath: node.folder + "/out")
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    let standing = try #require(try agent.check().first)
    #expect(standing.state == .unusable && standing.fault?.contains("/out/etcd-") == true, "\(standing)")
    #expect(try AgentStanding.exitCode(agent.check()) == 1)
    #expect(try AgentStanding.probeExitCode(agent.check()) == 1)
    let repaired = try await agent.lookOnce()
    #expect(repaired.state == .good && repaired.fault == nil, "\(repaired)")
    #expect(try node.held().user == "felix")
    #expect(try node.text("out/etcd-ca") == node.text("etcd-ca.crt"))
    #expect(node.source.asked == 1)
  }

  @Test func saysThatAModeIsWrong() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    #expect(chmod("\(node.folder)/out/etcd-key", 0o644) == 0)
    let standing = try #require(try agent.check().first)
    #expect(standing.state == .good && standing.fault?.contains("another mode or owner") == true)
    #expect(AgentStanding.exitCode([standing]) == 2)
    #expect(try await agent.lookOnce().fault == nil)
  }

  /// A directory with content stays, and is no file that a program could read.
  @Test func aFolderInThePlaceOfAFileIsNotGood() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    #expect(unlink(node.folder + "/out/etcd-key") == 0)
    try Directory.create(node.folder + "/out/etcd-key")
    try node.write("out/etcd-key/mine", "x")
    let standing = try await agent.lookOnce()
    #expect(standing.state == .unusable && standing.fault != nil, "\(standing)")
    #expect(try node.text("out/etcd-key/mine") == "x")
  }

  /// The component `calico` is one identity in two folders, and a join token is good for one certificate.
  @Test func anIdentityInTwoFoldersIsRequestedOnce() async throws {
    let node = try Node()
    let others = ["identity: felix, directory: other, keyMode: 0640"]
    var agent = try node.agent(others: others)
    #expect(await agent.look().standings.map(\.renewed) == ["missing", "missing"])
    #expect(node.source.asked == 1)
    #expect(try node.held() == node.held("other"))
    #expect(try node.mode("other/etcd-key") == 0o640)
    // What one has lost comes from the other, also after a restart.
    for lost in ["out", "other"] {
      try FileManager.default.removeItem(atPath: "\(node.folder)/\(lost)")
      agent = try node.agent(others: others)
      #expect(await agent.look().standings.allSatisfy { $0.state == .good })
      #expect(try node.held() == node.held("other"))
    }
    #expect(node.source.asked == 1)
    // Renewals too, with the certificate as the proof.
    let first = try node.held().fingerprint
    node.pass(50_000)
    #expect(await agent.look().standings.map(\.state) == [.good, .good])
    #expect(try node.held() == node.held("other") && node.held().fingerprint != first)
    node.pass(10)
    agent.request(.keyCompromise)
    #expect(await agent.look().standings.map(\.state) == [.good, .good])
    #expect(try node.held() == node.held("other"))
    #expect(node.source.asked == 3)
    let currents = node.source.state.withLock(\.currents)
    #expect(currents[0] == nil && currents.dropFirst().allSatisfy { $0 != nil })
    // Prometheus takes one sample for each label.
    let status = AgentStatus()
    status.show(try agent.check(), at: node.now)
    let samples = status.metrics(now: node.now).split(separator: "\n")
      .filter { $0.hasPrefix("bulkhead_agent_certificate_ready_status{") }
    #expect(samples.count == 1 && samples.first?.hasSuffix(" 1") == true, "\(samples)")
  }

  @Test func deliversANewEtcdAuthorityWithoutARequest() async throws {
    let node = try Node()
    var agent = try node.agent()
    _ = try await agent.lookOnce()
    try node.write("etcd-ca.crt", node.text("etcd-ca.crt") + node.source.authority.certificatePEM)
    _ = try await agent.lookOnce()
    #expect(try node.text("out/etcd-ca") == node.text("etcd-ca.crt"))
    #expect(node.source.asked == 1)
    // Invalid text is not.
    try node.write("etcd-ca.crt", "rubbish")
    let standing = try await agent.lookOnce()
    #expect(standing.fault?.contains("etcd-ca.crt holds no certificate") == true)
    #expect(standing.state == .good)
    #expect(try node.text("out/etcd-ca").contains("BEGIN CERTIFICATE"))
  }

  @Test func usesTheEtcdAuthorityFromTheSource() async throws {
    let node = try Node()
    var agent = try node.agent(etcdCA: false)
    #expect(try await agent.lookOnce().fault?.contains("does not say which authorities") == true)
    #expect(try FileContents.readIfPresent(node.folder + "/out/etcd-key") == nil)
    node.source.state.withLock { [pem = node.source.authority.certificatePEM] in $0.etcdCA = pem }
    node.pass(301)
    #expect(try await agent.lookOnce().state == .good)
    #expect(try node.text("out/etcd-ca") == node.source.authority.certificatePEM)
  }

  @Test func keepsTheCopyForTheCNIPluginCurrent() async throws {
    let node = try Node()
    var agent = try node.agent("cniCopy: calico-tls")
    _ = try await agent.lookOnce()
    #expect(try node.held("calico-tls") == node.held())
    // install-cni empties the folder and writes its own files.
    try FileManager.default.removeItem(atPath: node.folder + "/calico-tls")
    try Directory.create(node.folder + "/calico-tls")
    try node.write("calico-tls/etcd-key", "old")
    _ = try await agent.lookOnce()
    #expect(try node.held("calico-tls") == node.held())
    #expect(try node.mode("calico-tls/etcd-key") == 0o600)
    #expect(node.source.asked == 1)
    let link = try FileManager.default.attributesOfItem(atPath: node.folder + "/calico-tls/etcd-key")
    #expect(link[.type] as? FileAttributeType == .typeRegular)
  }

  @Test func usesChangedFilesOfAFolder() async throws {
    let node = try Node()
    node.source.state.withLock { $0.revisit = .zero }
    func give() throws -> String {
      let credential = try node.source.authority.issue(
        client: "felix", lifetime: .seconds(86_400), now: node.now)
      node.source.state.withLock { $0.gives = credential }
      return credential.facts.fingerprint
    }
    var agent = try node.agent()
    let first = try give()
    #expect(try await agent.lookOnce().renewed == "missing")
    #expect(try node.held().fingerprint == first)
    #expect(try await agent.lookOnce().renewed == nil)
    let second = try give()
    #expect(try await agent.lookOnce().renewed == "changed")
    #expect(try node.held().fingerprint == second)
    // The source is incomplete, but the current certificate is valid.
    node.source.fail(true)
    let standing = try await agent.lookOnce()
    #expect(standing.fault == nil)
    #expect(standing.state == .good)
    // Due, and the source has no newer one.
    node.source.fail(nil)
    node.pass(50_000)
    #expect(
      try await agent.lookOnce().fault == "the fake has no newer certificate for \"felix\"")
  }

  @Test func onceRetriesUntilItSucceeds() async throws {
    let node = try Node()
    node.source.fail(true)
    let source = node.source
    let back = Task {
      try await Task.sleep(for: .milliseconds(300))
      source.fail(nil)
      // The node's clock stands still, so the test moves it past the pause.
      for _ in 0..<40 {
        try await Task.sleep(for: .milliseconds(100))
        node.pass(1)
      }
    }
    var agent = try node.agent()
    let standings = await agent.once(timeout: .seconds(60))
    back.cancel()
    #expect(standings.first?.renewed == "missing")
    #expect(AgentStanding.exitCode(standings) == 0)
  }

  @Test func onceEndsAtOnceIfItIsRefused() async throws {
    let node = try Node()
    node.source.fail(false)
    var agent = try node.agent()
    let begin = ContinuousClock.now
    let standings = await agent.once(timeout: .seconds(60))
    #expect(ContinuousClock.now - begin < .seconds(20))
    #expect(standings.first?.fault == "it is away")
    #expect(AgentStanding.exitCode(standings) == 1)
    #expect(node.source.asked == 1)
  }
}
