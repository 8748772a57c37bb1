/// Which looks of `bulkhead watch` are news, and whether the program of `--on-change` has yet to be told of one.
package struct WatchNews: Sendable {
  /// What the last line said; nil before the first.
  private var shown: WatchState?
  /// Whether the program has yet to be told.
  package private(set) var isUntold = false

  package init() {}

  /// Takes what a look found.
  /// - Returns: Whether it differs from the look before, so that a line is printed.
  package mutating func see(_ state: WatchState) -> Bool {
    guard shown?.comparable != state.comparable else { return false }
    if shown != nil || state.needsAction || state.problem != nil { isUntold = true }
    shown = state
    return true
  }

  /// The program was told and has ended with 0.
  package mutating func wasTold() { isUntold = false }
}
