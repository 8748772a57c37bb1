internal import CSpawn
import Dispatch
import Glibc

extension ChildProcess {
  /// Runs a program to its end with bytes as its standard input, and reads its standard output. Waits on this thread.
  /// - Parameters:
  ///   - limit: how many bytes of its output are kept.
  ///   - time: after which it is killed.
  /// - Returns: the exit code, or the number of the signal that ended it, and the output.
  package static func answering(
    _ words: [String], input: [UInt8], limit: Int, within time: Duration
  ) throws(StartFailure) -> (status: Int32, output: [UInt8]) {
    // A socket, because writing to a pipe whose reader has ended raises SIGPIPE.
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw StartFailure(description: String(cString: strerror(errno)))
    }
    defer { close(ends[0]) }
    var pipe: [Int32] = [0, 0]
    guard pipe2(&pipe, O_CLOEXEC) == 0 else {
      close(ends[1])
      throw StartFailure(description: String(cString: strerror(errno)))
    }
    defer { close(pipe[0]) }
    let child: ChildProcess
    do throws(StartFailure) {
      child = try ChildProcess(
        words, input: .descriptor(ends[1]), output: .descriptor(pipe[1]), error: .descriptor(STDERR_FILENO))
    } catch {
      close(ends[1])
      close(pipe[1])
      throw error
    }
    close(ends[1])
    close(pipe[1])
    let killing = DispatchWorkItem { child.send(SIGKILL) }
    DispatchQueue.global().asyncAfter(
      deadline: .now() + .milliseconds(Int(time / .milliseconds(1))), execute: killing)
    defer { killing.cancel() }
    var sent = 0
    while sent < input.count {
      let count = input.withUnsafeBytes {
        Glibc.send(ends[0], $0.baseAddress.map { $0 + sent }, input.count - sent, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      // The program has ended, or reads no more: its status says more.
      guard count > 0 else { break }
      sent += count
    }
    shutdown(ends[0], Int32(SHUT_WR))
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = read(pipe[0], &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      output += buffer[..<min(count, limit - output.count)]
    }
    return (child.waitUntilEnd(), output)
  }
}
