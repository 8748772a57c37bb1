import Certificates
import Files
import Foundation
import Glibc
import Log
import Synchronization
import TestSources
import Testing

@testable import Agent

/// The revocation list of an etcd member.
@Suite(.timeLimit(.minutes(30))) struct RevocationListTests {
  /// An authority that writes lists, each with one certificate more.
  private struct Lister {
    let folder: String
    let issuer: Issuer

    init(in parent: String, _ name: String = "clients", now: Date = Date()) throws {
      folder = "\(parent)/\(name)-\(UUID().uuidString)"
      let authority = try Authority.create(name: name, lifetime: .seconds(86_400), now: now - 3_600)
      try authority.save(to: folder)
      issuer = Issuer(authority, ledger: try Ledger(in: folder), lifetime: .seconds(3_600), now: now)
    }

    var certificate: String { issuer.authority.certificatePEM }

    func list() throws -> [UInt8] {
      let name = "node-\(UUID().uuidString.prefix(8))"
      let issued = try issuer.issue([(CertificateHolder(client: name), "\(folder)/\(name).crt")])
      try issuer.ledger?.revoke(serials: issued.map(\.facts.serial), at: Date(), because: .keyCompromise)
      return try FileContents.read(issuer.writeRevocationList(in: folder, validity: .seconds(600)).path)
    }
  }

  private func agent(_ double: SourceDouble, clock: @escaping @Sendable () -> Date = { Date() }) throws
    -> Agent
  {
    let configuration = try AgentConfiguration(
      """
      apiVersion: bulkhead/v1
      kind: Agent
      revocationList:
        address: \(double.url)
        ca: ca.crt
        authority: clients.crt
        file: crl.der
        interval: 1m
      """, file: "agent.yaml", folder: double.folder, environment: [:])
    return try Agent(configuration, log: .silent, clock: clock)
  }

  @Test func aNewerListReplacesTheOlderOne() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let file = double.folder + "/crl.der"
      var agent = try agent(double)
      // Without a list etcd would refuse all clients, so this is a failure.
      let missing = await agent.once(timeout: .zero)
      #expect(AgentStanding.exitCode(missing) == 1)
      #expect(missing.first?.fault?.contains("answers 404") == true)
      for number in 1...3 {
        let list = try lister.list()
        double.state.withLock { $0.revocationList = list }
        let standings = await agent.look(isAsked: true).standings
        #expect(standings.map(\.number) == [number])
        #expect(standings.first?.renewed != nil && standings.first?.fault == nil)
        #expect(try FileContents.read(file) == list)
      }
      #expect(try FileContents.mode(of: file) == 0o644)
      #expect(AgentStanding.exitCode(try agent.check()) == 0)
      // The source is unreachable: the list stays, and the fault is reported.
      double.fail(.status(503))
      let away = await agent.look(isAsked: true).standings
      #expect(AgentStanding.exitCode(away) == 2)
      #expect(away.first?.number == 3)
    }
  }

  /// Each list would let revoked certificates in again, or keep all clients out.
  @Test func aListThatMustNotBeUsedDoesNotReplaceTheCurrentOne() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      let stranger = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let old = try lister.list()
      let current = try lister.list()
      var damaged = try lister.list()
      damaged[damaged.count - 1] ^= 1
      double.state.withLock { $0.revocationList = current }
      var agent = try agent(double)
      _ = await agent.once(timeout: .zero)
      let file = double.folder + "/crl.der"
      #expect(try FileContents.read(file) == current)
      for (list, reason) in [
        (old, "its number is 1, and the newest list so far had number 2"),
        (damaged, "is not signed by an authority whose lists are accepted"),
        (try stranger.list(), "is not signed by an authority whose lists are accepted"),
        (Array("<html>".utf8), "is not a revocation list in DER"), ([], "is not a revocation list in DER"),
        (Array(current.dropLast()), "is not a revocation list in DER"),
        (current + [0], "is not a revocation list in DER"),
      ] {
        double.state.withLock { $0.revocationList = list }
        let standing = try #require(await agent.look(isAsked: true).standings.first)
        #expect(standing.fault?.contains(reason) == true, "\(standing.fault ?? "no fault")")
        #expect(standing.state == .good)
        #expect(try FileContents.read(file) == current)
      }
    }
  }

  /// The file of the list is lost or damaged while an old list is served, also after a restart of the agent.
  @Test(arguments: ["missing", "damaged"], [true, false])
  func anOlderListDoesNotFollowALostOne(_ state: String, isRestarted: Bool) async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let old = try lister.list()
      let current = try lister.list()
      let file = double.folder + "/crl.der"
      double.state.withLock { $0.revocationList = current }
      var agent = try agent(double)
      _ = await agent.once(timeout: .zero)
      try FileManager.default.removeItem(atPath: file)
      if state == "damaged" { _ = try double.file("crl.der", "damaged") }
      double.state.withLock { $0.revocationList = old }
      if isRestarted { agent = try self.agent(double) }
      let standing = try #require(await agent.look(isAsked: true).standings.first)
      #expect(standing.fault?.contains("the newest list so far had number 2") == true)
      #expect(try FileContents.readIfPresent(file) != old)
      // The same list is put back.
      double.state.withLock { $0.revocationList = current }
      _ = await agent.look(isAsked: true)
      #expect(try FileContents.read(file) == current)
    }
  }

  @Test func aPipeInPlaceOfTheListIsAFault() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let list = try lister.list()
      double.state.withLock { $0.revocationList = list }
      #expect(mkfifo(double.folder + "/crl.der", 0o644) == 0)
      var agent = try agent(double)
      #expect(AgentStanding.exitCode(try agent.check()) == 1)
      #expect(AgentStanding.exitCode(await agent.once(timeout: .zero)) == 1)
    }
  }

  @Test func aFolderThatOthersMayWriteIsRefused() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let list = try lister.list()
      double.state.withLock { $0.revocationList = list }
      try FileContents.setMode(0o777, of: double.folder)
      var agent = try agent(double)
      let standing = try #require(await agent.look(isAsked: true).standings.first)
      #expect(standing.fault?.contains("other users may write to") == true, "\(standing.fault ?? "no fault")")
      #expect(try FileContents.readIfPresent(double.folder + "/crl.der") == nil)
    }
  }

  @Test func aListOfANewAuthorityFollowsADatedOne() async throws {
    try await SourceDouble.with { double in
      let now = Date()
      let first = try Lister(in: double.folder, now: now - 120)
      let second = try Lister(in: double.folder, "successor", now: now)
      _ = try double.file("clients.crt", first.certificate + second.certificate)
      let lists = [try first.list(), try first.list(), try second.list()]
      var agent = try agent(double)
      let file = double.folder + "/crl.der"
      for list in lists {
        double.state.withLock { $0.revocationList = list }
        _ = await agent.look(isAsked: true)
        #expect(try FileContents.read(file) == list)
      }
      // The old authority's list is older, whatever its number is.
      double.state.withLock { [list = lists[1]] in $0.revocationList = list }
      let standing = try #require(await agent.look(isAsked: true).standings.first)
      #expect(standing.fault?.contains("it is dated") == true)
      #expect(try FileContents.read(file) == lists[2])
    }
  }

  @Test func aDamagedListInPlaceIsReplaced() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let list = try lister.list()
      double.state.withLock { $0.revocationList = list }
      let file = try double.file("crl.der", "damaged")
      var agent = try agent(double)
      #expect(AgentStanding.exitCode(try agent.check()) == 1)
      #expect(AgentStanding.exitCode(await agent.once(timeout: .zero)) == 0)
      #expect(try FileContents.read(file) == list)
    }
  }

  @Test func asksAtTheInterval() async throws {
    try await SourceDouble.with { double in
      let lister = try Lister(in: double.folder)
      _ = try double.file("clients.crt", lister.certificate)
      let list = try lister.list()
      double.state.withLock { $0.revocationList = list }
      let start = Date()
      let clock = Clock(start)
      var agent = try agent(double, clock: { clock.now })
      for seconds in [0, 1, 20, 40, 61, 62] {
        clock.now = start + Double(seconds)
        _ = await agent.look()
      }
      #expect(double.state.withLock(\.requests) == 2)
    }
  }
}

private final class Clock: Sendable {
  private let lock = NSLock()
  nonisolated(unsafe) private var date: Date
  init(_ date: Date) { self.date = date }
  var now: Date {
    get { lock.withLock { date } }
    set { lock.withLock { date = newValue } }
  }
}
