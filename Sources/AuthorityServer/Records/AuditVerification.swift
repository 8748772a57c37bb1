import Files
import FoundationEssentials

/// Whether the lines of audit logs are those that the server wrote, in their order: see ``AuditChain``.
package struct AuditVerification: Codable, Hashable, Sendable {
  package struct Fault: Codable, Hashable, Sendable {
    package let file: String
    /// From 1.
    package let line: Int
    package let problem: String
  }

  /// Lines whose chain value follows from the line before.
  package private(set) var lines = 0
  /// Lines before the first one with a chain value, which nothing proves.
  package private(set) var unchained = 0
  /// Beginnings of lines before a line `opened` or at the end, which nothing proves: the server had not finished them
  /// when it was killed, and had not sent their answers.
  package private(set) var incomplete = 0
  /// The chain value before the first line that has one. All zeros if the server began a new chain there.
  package private(set) var start: String?
  /// The chain value of the newest line; nil without one.
  package private(set) var head: String?
  package private(set) var faults: [Fault] = []

  package var isWhole: Bool { faults.isEmpty }

  /// The largest file that is read, in bytes.
  private static let limit = 4 << 30

  /// Reads files in the order in which they were written, the oldest first.
  /// - Parameters:
  ///   - known: a chain value that must be among those of the lines, from the server's log; nil for none.
  ///   - start: the chain value that the first line must follow; nil for the beginning of a chain. Another one is for
  ///     logs whose older files a rotation has removed.
  ///   - unchained: how many lines without a chain value must be before the first one that has one: a release before
  ///     0.2.0 wrote them.
  /// - Throws: `FileError`.
  package init(
    _ files: [String], known: String? = nil, start: String? = nil, unchained: Int = 0
  ) throws {
    var reader = Reader(known: known, start: start ?? AuditChain.beginning, unchained: unchained)
    for file in files { reader.read(try FileContents.read(file, limit: Self.limit), file) }
    reader.end()
    self = reader.result
  }

  private init() {}

  /// The state while lines are read.
  private struct Reader {
    var result = AuditVerification()
    let known: String?
    /// The chain value that the first line must follow.
    let start: String
    /// How many lines without a chain value must be before it.
    let unchained: Int
    private var hasKnown = false
    private var firstUnchained: (file: String, line: Int)?
    private var chain: AuditChain?
    /// A line without a chain value, which may be one that the server had not finished.
    private var unclear: (file: String, line: Int)?

    init(known: String?, start: String, unchained: Int) {
      (self.known, self.start, self.unchained) = (known, start, unchained)
    }

    mutating func read(_ bytes: [UInt8], _ file: String) {
      for (index, line) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
        read(line, file, index + 1)
      }
    }

    private mutating func read(_ line: ArraySlice<UInt8>, _ file: String, _ number: Int) {
      guard let (json, value) = AuditChain.split(line) else {
        if chain == nil {
          result.unchained += 1
          if firstUnchained == nil { firstUnchained = (file, number) }
        } else {
          settleUnclear(isIncomplete: false)
          // A part of a line is not JSON.
          if AuditEntry.isBeginning(line) {
            unclear = (file, number)
          } else {
            fault(file, number, "it has no chain value: it was changed or inserted")
          }
        }
        return
      }
      let previous = Self.opened(json)
      settleUnclear(isIncomplete: previous != nil)
      if chain == nil {
        result.start = previous
        chain = AuditChain(previous ?? AuditChain.beginning)
        if let previous {
          checkStart(previous, file, number)
        } else {
          fault(file, number, "the lines before it are missing: the first line of a log is 'opened'")
        }
      } else if let previous, previous != chain?.value {
        fault(file, number, "lines before it are missing, or were changed")
      }
      if let previous { chain = AuditChain(previous) }
      if chain?.accepts(json, value) == true {
        result.lines += 1
      } else {
        if previous == nil, result.lines > 0 || result.start != nil {
          fault(
            file, number,
            "it does not follow from the line before: one of the two was changed, or lines are missing")
        } else if previous != nil {
          fault(file, number, "it was changed")
        }
        chain = AuditChain(value)
      }
      result.head = value
      if value == known { hasKnown = true }
    }

    mutating func end() {
      // The newest line of all may be incomplete too.
      settleUnclear(isIncomplete: true)
      if result.unchained != unchained {
        fault(
          firstUnchained?.file ?? "", firstUnchained?.line ?? 0,
          "\(result.unchained) lines before the first chain value have none, and \(unchained) are expected: lines were changed, inserted or removed, unless a release before 0.2.0 wrote \(result.unchained) (--unchained)"
        )
      }
      if result.head == nil {
        fault("", 0, "no line has a chain value: all lines were removed or changed, or the server wrote none")
      }
      if let known, !hasKnown {
        fault(
          "", 0, "no line has the chain value \(known): lines are missing at the end, or all were changed")
      }
    }

    private mutating func checkStart(_ value: String, _ file: String, _ number: Int) {
      guard value != start else { return }
      let expected = start == AuditChain.beginning ? "not the beginning of a chain" : "not \(start)"
      fault(
        file, number,
        "it follows the chain value \(value), \(expected): the lines before it are missing, or in files that are not given (--start)"
      )
    }

    private mutating func settleUnclear(isIncomplete: Bool) {
      guard let (file, line) = unclear else { return }
      unclear = nil
      if isIncomplete {
        result.incomplete += 1
      } else {
        fault(file, line, "it has no chain value: it was changed or inserted")
      }
    }

    private mutating func fault(_ file: String, _ line: Int, _ problem: String) {
      result.faults.append(Fault(file: file, line: line, problem: problem))
    }

    /// The chain value that a line `opened` names; nil for other lines.
    private static func opened(_ json: [UInt8]) -> String? {
      struct Line: Decodable {
        let decision: String
        let previous: String?
      }
      guard json.starts(with: Array("{\"decision\":\"opened\"".utf8)),
        let line = try? JSONDecoder().decode(Line.self, from: Data(json))
      else { return nil }
      return line.previous
    }
  }
}
