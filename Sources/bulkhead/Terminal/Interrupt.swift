import Dispatch
import Glibc

/// Runs something once when the user presses Ctrl-C or the process is asked to end. A second Ctrl-C ends it at once.
struct Interrupt {
  private let sources: [any DispatchSourceSignal]

  init(_ body: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        signal(number, SIG_DFL)
        body()
      }
      source.resume()
      return source
    }
  }

  func ignore() { for source in sources { source.cancel() } }
}
