import Foundation
import Glibc

extension Process {
  /// Starts the process with no signal blocked. A child inherits the mask of the thread that starts it, and threads
  /// of Swift's concurrency block nearly all signals: the child would not hear Ctrl-C, nor a request to end.
  package func runHearingSignals() throws {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try run()
  }
}
