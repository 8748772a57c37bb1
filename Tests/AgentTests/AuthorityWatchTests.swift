import CertificateSources
import Certificates
import Foundation
import Synchronization
import Testing

@testable import Agent

/// When a replaced authority leads to a renewal.
@Suite struct AuthorityWatchTests {
  private let start: Date
  private let source: FakeSource
  private let held: Credential

  init() throws {
    start = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
    source = FakeSource(
      try Authority.create(name: "clients", lifetime: .seconds(365 * 86_400), now: start))
    held = try source.authority.issue(client: "felix", lifetime: .seconds(90 * 86_400), now: start)
  }

  private func replace(_ isReplaced: Bool) { source.state.withLock { $0.isReplaced = isReplaced } }
  private var questions: Int { source.state.withLock(\.askedForAuthority) }

  private func isDue(
    _ watch: inout AuthorityWatch, after seconds: TimeInterval, of other: Credential? = nil
  ) async -> Bool {
    await watch.isRenewalDue(of: other ?? held, from: source, now: start + seconds)
  }

  /// A watch that has noticed a replaced authority 600 s after the start; it is due 600 s later.
  private func noticed() async -> AuthorityWatch {
    var watch = AuthorityWatch(spread: 1)
    replace(true)
    for seconds in [0.0, 600] {
      let answer = await isDue(&watch, after: seconds)
      #expect(!answer)
    }
    #expect(questions == 1)
    return watch
  }

  /// Whether it is due at these moments, in seconds after the start.
  private func due(_ watch: inout AuthorityWatch, at moments: [TimeInterval]) async -> [Bool] {
    var answers: [Bool] = []
    for moment in moments { answers.append(await isDue(&watch, after: moment)) }
    return answers
  }

  @Test func theAuthorityIsAskedForAgainBeforeTheRenewal() async throws {
    var watch = await noticed()
    let answers = await due(&watch, at: [1_199, 1_200])
    #expect(answers == [false, true])
    #expect(questions == 2)
  }

  @Test func aRollOverThatWasTakenBackRenewsNothing() async throws {
    var watch = await noticed()
    replace(false)
    let answers = await due(&watch, at: [1_200, 1_300])
    #expect(answers == [false, false])
    #expect(questions == 2)
  }

  @Test func aQuestionWithoutAnAnswerIsAskedAgainLater() async throws {
    var watch = await noticed()
    source.fail(true)
    let unanswered = await due(&watch, at: [1_200, 1_201])
    #expect(unanswered == [false, false])
    #expect(questions == 2)
    source.fail(nil)
    let answers = await due(&watch, at: [1_799, 1_800])
    #expect(answers == [false, true])
  }

  @Test func whatWasNoticedIsNotAboutTheNextCertificate() async throws {
    var watch = await noticed()
    let next = try source.authority.issue(client: "felix", lifetime: .seconds(90 * 86_400), now: start)
    let ofNext = await isDue(&watch, after: 700, of: next)
    #expect(!ofNext)
    // What was noticed for the former certificate is forgotten.
    replace(false)
    let answers = await due(&watch, at: [1_100, 1_200, 1_300])
    #expect(answers == [false, false, false])
    #expect(questions == 2)
  }
}
