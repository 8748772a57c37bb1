import Dispatch
import FoundationEssentials
import Processes
import Reporting
import Services
import Terminal

/// Looks at intervals until it is asked to stop.
struct WatchService: Service {
  private let watcher: Watcher
  private let interval: Duration
  private let metrics: WatchMetrics
  private let isJSON: Bool
  private let onChange: String?

  init(_ watcher: Watcher, interval: Duration, metrics: WatchMetrics, isJSON: Bool, onChange: String?) {
    self.watcher = watcher
    self.interval = interval
    self.metrics = metrics
    self.isJSON = isJSON
    self.onChange = onChange
  }

  /// One look, which is printed.
  func once() async -> WatchState {
    var watcher = watcher
    let look = await watcher.look()
    print(look)
    return look.state
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      var watcher = watcher
      var news = WatchNews()
      while !Task.isCancelled {
        let look = await watcher.look()
        if Task.isCancelled { return }
        metrics.show(look.state, at: look.at, seconds: look.seconds, readAll: look.readAll)
        if let certificates = look.certificates { metrics.show(certificates: certificates) }
        if news.see(look.state) { print(look) }
        // A program that failed is told again at the next look.
        if news.isUntold, await tell(look) { news.wasTold() }
        try? await Task.sleep(for: interval)
      }
    }
  }

  private func print(_ look: Watcher.Look) {
    Console.clearProgress()
    if isJSON {
      if let line = try? look.state.line(at: look.at) { Console.out(line) }
    } else {
      Console.out(look.state.text(at: look.at, Console.style))
    }
  }

  /// Runs the program of `--on-change`.
  /// - Returns: Whether it ended with 0; true without a program.
  private func tell(_ look: Watcher.Look) async -> Bool {
    guard let onChange else { return true }
    guard let line = try? look.state.line(at: look.at) else { return false }
    // On a thread of its own: it waits for the program.
    let problem: String? = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        do throws(ChildProcess.StartFailure) {
          let (status, _) = try ChildProcess.answering(
            [onChange], input: Array("\(line)\n".utf8), limit: 0, within: .seconds(60))
          continuation.resume(returning: status == 0 ? nil : "ended with status \(status)")
        } catch {
          continuation.resume(returning: "cannot be started: \(error)")
        }
      }
    }
    guard let problem else { return true }
    Console.note(
      "warning: the program of --on-change, \(onChange), \(problem); it is run again at the next look")
    return false
  }
}
