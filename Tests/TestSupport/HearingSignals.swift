import Foundation
import Glibc

extension Process {
  /// Starts the process with no signal blocked. A child inherits the signal mask of the thread that starts it, and the
  /// threads of Swift's concurrency runtime block nearly all signals: the child would get neither SIGINT from Ctrl-C nor
  /// SIGTERM.
  package func runHearingSignals() throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try run()
  }
}
