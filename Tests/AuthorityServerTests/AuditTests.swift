import Certificates
import Foundation
import HTTP
import Log
import Testing

@testable import AuthorityServer

/// The audit log: its chain, its bounds, and its rotation.
@Suite(.timeLimit(.minutes(30))) struct AuditTests {
  private let folder: URL
  private var path: String { folder.path + "/audit.log" }

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "bulkhead-audit-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func log(
    _ change: (inout AuthoritySettings.Limits) -> Void = { _ in }
  ) throws -> AuditLog {
    var limits = AuthoritySettings.Limits()
    change(&limits)
    return try AuditLog(path, limits: limits, logger: Self.logger)
  }

  /// A log on a file that another one had, once that one is gone: its thread may still end.
  private func opened() async throws -> AuditLog {
    var log: AuditLog?
    _ = try await eventually {
      log = try? self.log()
      return log != nil
    }
    return try #require(log)
  }

  private static var logger: Logger {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
  }

  private func entry(_ name: String) -> AuditEntry {
    AuditEntry(time: Date(), decision: .issued, identity: name, method: "token", client: "10.0.0.1")
  }

  private func lines(_ path: String? = nil) throws -> [String] {
    try String(contentsOfFile: path ?? self.path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  private func verify(_ lines: [String], known: String? = nil) throws -> AuditVerification {
    let copy = folder.path + "/copy-\(UUID().uuidString)"
    try (lines.joined(separator: "\n") + "\n").write(toFile: copy, atomically: true, encoding: .utf8)
    return try AuditVerification([copy], known: known)
  }

  @Test func aChangeOfAnyLineIsSeen() async throws {
    do {
      let log = try log()
      for number in 0..<5 { try await log.record(entry("node-\(number)")) }
    }
    let log = try await opened()
    for number in 5..<8 { try await log.record(entry("node-\(number)")) }
    let all = try lines()
    #expect(all.count == 10, "two lines `opened`")
    let whole = try AuditVerification([path])
    #expect(whole.isWhole && whole.lines == 10 && whole.incomplete == 0 && whole.unchained == 0)
    let head = try #require(whole.head)
    #expect(try verify(all, known: head).isWhole)
    for index in all.indices {
      var changed = all
      changed[index] = changed[index].replacing("2", with: "3", maxReplacements: 1)
      #expect(try !verify(changed).isWhole, "line \(index + 1) is changed")
      var shorter = all
      shorter.remove(at: index)
      // Without a value from elsewhere, missing lines at the end are not seen.
      #expect(try !verify(shorter, known: head).isWhole, "line \(index + 1) is missing")
      if index < all.count - 1 { #expect(try !verify(shorter).isWhole, "line \(index + 1) is missing") }
      var longer = all
      longer.insert(all[max(0, index - 1)], at: index)
      #expect(try !verify(longer).isWhole, "line \(index) is there a second time")
      var swapped = all
      swapped.swapAt(index, (index + 1) % all.count)
      #expect(try !verify(swapped).isWhole)
      var inserted = all
      inserted.insert("{\"decision\":\"issued\"}", at: index)
      let found = try verify(inserted)
      #expect(!found.isWhole && found.unchained == (index == 0 ? 1 : 0))
    }
    #expect(try !verify(Array(all.prefix(9)), known: head).isWhole)
  }

  @Test func aLineThatWasNotFinishedIsNoFault() async throws {
    do {
      let log = try log()
      try await log.record(entry("node-1"))
    }
    // The server was killed while it wrote.
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: Data("{\"client\":\"10.0".utf8))
    try file.close()
    let log = try await opened()
    try await log.record(entry("node-2"))
    let found = try AuditVerification([path])
    #expect(found.isWhole, "\(found.faults)")
    #expect(found.incomplete == 1)
    #expect(found.lines == 4)
  }

  @Test func linesOfEarlierReleasesAreReported() async throws {
    try "{\"decision\":\"issued\"}\n{\"decision\":\"issued\"}\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    let log = try log()
    try await log.record(entry("node-1"))
    let found = try AuditVerification([path])
    #expect(!found.isWhole && found.unchained == 2 && found.lines == 2)
    #expect(try AuditVerification([path], unchained: 2).isWhole)
    for other in [1, 3] { #expect(try !AuditVerification([path], unchained: other).isWhole) }
  }

  /// A line `opened` names the value before it: that alone proves nothing about the lines before.
  @Test func linesBeforeALineOpenedAreProved() async throws {
    for number in 0..<2 {
      let log = try await opened()
      try await log.record(entry("node-\(number)"))
    }
    let all = try lines()
    try #require(all.count == 4)
    let head = try #require(try AuditVerification([path]).head)
    let stripped = all.map { $0.replacing(/,"chain":"[0-9a-f]+"/, with: "") }
    let old: [String] = Array(all[..<2])
    let newest: [String] = Array(all[2...])
    let words: [String] = ["words"]
    let object: [String] = ["{\"words\":\"x"]
    let edits: [(name: String, lines: [String])] = [
      ("no chain before the last opening", Array(stripped[..<2]) + newest),
      ("removed before the last opening", newest),
      ("no chain at all", stripped),
      ("empty", []),
      ("words before an opening", old + words + newest),
      ("another object before an opening", old + object + newest),
      ("words before the first line", words + all),
    ]
    for (name, changed) in edits {
      #expect(try !verify(changed).isWhole, "\(name)")
      #expect(try !verify(changed, known: head).isWhole, "\(name), with --known")
    }
    // A rotation has removed the older file.
    let rest = folder.path + "/rest"
    try (newest.joined(separator: "\n") + "\n").write(toFile: rest, atomically: true, encoding: .utf8)
    let start = try #require(try AuditVerification([rest]).start)
    #expect(try AuditVerification([rest], start: start).isWhole)
    #expect(try !AuditVerification([path], start: start).isWhole)
  }

  @Test func anyBeginningOfALineIsKnownAsOne() throws {
    var chain = AuditChain()
    var whole = entry("n\u{e4}h\"\\\n\u{1f600}")
    whole.count = 12
    let line = chain.linked(try whole.json())
    for length in 1..<line.count {
      #expect(
        AuditEntry.isBeginning(line.prefix(length)), "\(String(decoding: line.prefix(length), as: UTF8.self))"
      )
    }
    #expect(!AuditEntry.isBeginning(line[...]))
  }

  @Test func theChainGoesOnAfterARotation() async throws {
    let log = try log()
    try await log.record(entry("node-1"))
    try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
    log.reopen()
    try await log.record(entry("node-2"))
    // Rotation by a copy.
    try FileManager.default.copyItem(atPath: path, toPath: path + ".2")
    try #require(FileHandle(forWritingAtPath: path)).truncate(atOffset: 0)
    try await log.record(entry("node-3"))
    #expect(try lines(path + ".1").count == 2)
    #expect(try lines(path + ".2").count == 2)
    #expect(try lines().count == 2)
    let found = try AuditVerification([path + ".1", path + ".2", path])
    #expect(found.isWhole && found.lines == 6, "\(found.faults)")
    #expect(try !AuditVerification([path + ".1", path]).isWhole, "a file is missing")
    #expect(try !AuditVerification([path + ".2", path + ".1"]).isWhole)
  }

  @Test func oneProcessWritesAFile() throws {
    let first = try log()
    #expect(throws: AuthorityServerError.self) { try log() }
    withExtendedLifetime(first) {}
    let link = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    #expect(throws: AuthorityServerError.self) {
      try AuditLog(link, limits: .init(), logger: Self.logger)
    }
    #expect(throws: AuthorityServerError.self) {
      try AuditLog("/dev/null", limits: .init(), logger: Self.logger)
    }
  }

  @Test func hostileTextsAreCutAndEscaped() async throws {
    let log = try log()
    let long = String(repeating: "ä", count: 20_000)
    try await log.record(entry(long))
    try await log.record(entry("\u{1b}[2J\u{9b}31m\u{202e}name\u{7f}\n{\"decision\":\"issued\"}"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(bytes.allSatisfy { $0 == 0x0a || (0x20..<0x7f).contains($0) })
    #expect(bytes.count < 2_000)
    #expect(try lines().count == 3)
    #expect(try AuditVerification([path]).isWhole)
    #expect(try lines()[1].contains("(40000 bytes)"))
  }

  @Test func refusalsOverTheLimitAreCounted() async throws {
    let log = try log {
      $0.refusalsPerClient = 0.001
      $0.refusals = 1_000
    }
    // Twenty times the rate at once is less than one: each is counted.
    func refused(_ client: String, _ status: Int) async throws {
      try await log.refuse(
        AuditEntry(
          time: Date(), decision: .refused, identity: "x", method: "token", client: client, reason: "no"),
        status: status, network: nil)
    }
    for _ in 0..<1_000 { try await refused("10.0.0.1", 401) }
    for _ in 0..<500 { try await refused("10.0.0.1", 429) }
    for number in 0..<500 { try await refused("10.0.1.\(number % 250)", 429) }
    #expect(log.summed == 2_000)
    log.writeSums()
    try await log.record(entry("node-1"))
    let text = try lines()
    #expect(text.count == 4, "opened, two sums, and the certificate")
    #expect(text[1].contains("\"count\":1000") && text[1].contains("\"client\":\"10.0.0.1\""))
    #expect(text[2].contains("\"count\":1000") && text[2].contains("\"client\":\"several\""))
    #expect(try AuditVerification([path]).isWhole)
  }

  /// Random tokens with a long Common Name, as fast as one connection allows.
  @Test func aFloodDoesNotFillTheDisk() async throws {
    let authority = try TestAuthority()
    let token = try authority.token()
    let name = String(repeating: "x", count: 20_000)
    try await authority.serving {
      $0.limits.sumInterval = .seconds(3_600)
      $0.limits.refusalsPerClient = 0.5
    } _: { server in
      let body = try ClientKey().request(for: name)
      for _ in 0..<100 {
        let answer = try await server.send(
          "/v1/enroll", token: "bulkhead-join-" + String(repeating: "0", count: 64), body: body)
        #expect(answer.status == 400)
      }
      #expect(try await server.enrol("calico-node.node-1", with: token.secretText).status == 200)
      let metrics = try await server.send("/metrics", method: "GET").body
      #expect(metrics.contains("\nbulkhead_authority_audit_writable_status 1\n"))
      #expect(!metrics.contains("\nbulkhead_authority_audit_summed_refusals_total 0\n"))
    }
    let bytes = try Data(contentsOf: URL(fileURLWithPath: authority.audit)).count
    // At most 10 refusals at once, some more over time, and the sum.
    #expect(bytes < 60_000)
    let entries = try authority.auditEntries()
    #expect(entries.filter { $0.decision == .refused }.reduce(0) { $0 + ($1.count ?? 1) } == 100)
    #expect(entries.count { $0.decision == .issued } == 1)
    #expect(try AuditVerification([authority.audit]).isWhole)
  }
}
