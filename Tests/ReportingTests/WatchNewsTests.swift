import Testing

@testable import Reporting

/// Which looks of watch are news, and when the program of --on-change has to be told.
@Suite struct WatchNewsTests {
  private func state(_ isAuthEnabled: Bool?, problem: String? = nil) -> WatchState {
    var state = WatchState(cluster: "c")
    state.authEnabled = isAuthEnabled
    state.problem = problem
    return state
  }

  @Test func aGoodFirstLookIsPrintedAndNotTold() {
    var news = WatchNews()
    var isNew = news.see(state(true))
    #expect(isNew)
    #expect(!news.isUntold)
    isNew = news.see(state(true))
    #expect(!isNew)
    #expect(!news.isUntold)
  }

  @Test func aChangeStaysUntoldUntilTheProgramSucceeds() {
    var news = WatchNews()
    var isNew = news.see(state(false))
    #expect(isNew)
    #expect(news.isUntold)
    // The program failed, and nothing has changed since: no further line, but it is told again.
    isNew = news.see(state(false))
    #expect(!isNew)
    #expect(news.isUntold)
    news.wasTold()
    isNew = news.see(state(false))
    #expect(!isNew)
    #expect(!news.isUntold)
    // A change back while it has yet to be told.
    isNew = news.see(state(nil, problem: "a"))
    #expect(isNew)
    isNew = news.see(state(false))
    #expect(isNew)
    #expect(news.isUntold)
    news.wasTold()
    #expect(!news.isUntold)
  }
}
