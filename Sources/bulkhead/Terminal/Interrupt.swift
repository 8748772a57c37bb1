import Dispatch
import Glibc

/// Runs an action once on the first SIGINT or SIGTERM. A second Ctrl-C ends the process at once.
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
