internal import CSpawn
import Glibc

extension ChildProcess {
  /// Runs a program to its end, and reads what it writes to its standard output. Waits on this thread.
  /// - Returns: the exit code, or the number of the signal that ended it, and the output.
  package static func reading(
    _ words: [String], in folder: String? = nil, input: File = .null, error: File
  ) throws(StartFailure) -> (status: Int32, output: String) {
    var ends: [Int32] = [0, 0]
    guard pipe2(&ends, O_CLOEXEC) == 0 else {
      throw StartFailure(description: String(cString: strerror(errno)))
    }
    defer { close(ends[0]) }
    let child: ChildProcess
    do throws(StartFailure) {
      child = try ChildProcess(words, in: folder, input: input, output: .descriptor(ends[1]), error: error)
    } catch {
      close(ends[1])
      throw error
    }
    close(ends[1])
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      output += buffer[..<count]
    }
    return (child.waitUntilEnd(), String(decoding: output, as: UTF8.self))
  }
}
