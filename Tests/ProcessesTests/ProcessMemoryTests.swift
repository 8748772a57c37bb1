import Foundation
import Glibc
import Processes
import Testing

/// What protects a process concerns the whole process: each test looks at one of its own.
@Suite struct ProcessMemoryTests {
  /// A file of `/proc`, which tells no size: it is read until it ends.
  private static func text(_ path: String) -> String? {
    guard let bytes = try? FileHandle(forReadingAtPath: path)?.readToEnd() else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// kB of a line of `/proc/self/status`, such as `RssFile`.
  private static func status(_ field: String) -> Int? {
    guard let text = text("/proc/self/status") else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("\(field):") }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
  }

  /// Whether each mapping that can be written, or each that has code, is locked: `lo` among its flags.
  private static func isLocked(_ permissions: String) -> [Bool] {
    guard let text = text("/proc/self/smaps") else { return [] }
    var isMeant = false
    var answers: [Bool] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count > 4, words[0].contains("-") {
        // Kernel pages, such as [vvar], and what a debugger or a sanitizer mapped without access are never locked.
        isMeant =
          words[1] == permissions && (words.count == 5 || words[5].hasPrefix("/") || words[5] == "[heap]")
      } else if line.hasPrefix("VmFlags:"), isMeant {
        answers.append(words.contains("lo"))
      }
    }
    return answers
  }

  /// As root the limit of locked memory does not count.
  @Test(.enabled(if: geteuid() == 0, "needs the right to lock memory"))
  func dataIsLockedAndCodeIsNot() async {
    await #expect(processExitsWith: .success) {
      let problems = ProcessMemory.protect()
      // A container may lack the right.
      guard problems.isEmpty else { exit(problems.contains { $0.contains("cannot be locked") } ? 0 : 1) }
      let (data, code) = (Self.isLocked("rw-p"), Self.isLocked("r-xp"))
      // The last page of a segment stays locked where it is not full.
      let unlocked = code.count { !$0 }
      exit(data.count > 5 && data.allSatisfy { $0 } && unlocked > 5 ? 0 : 2)
    }
  }

  @Test func codeThatIsGivenBackIsReadAgain() async {
    await #expect(processExitsWith: .success) {
      guard let before = Self.status("RssFile") else { exit(1) }
      ProcessMemory.giveBackCode()
      guard let after = Self.status("RssFile") else { exit(2) }
      exit(after < before / 2 ? 0 : 3)
    }
  }
}
