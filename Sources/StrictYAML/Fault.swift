/// One thing that is wrong with a file, and where.
public struct Fault: Hashable, Sendable {
  /// Both count from 1.
  public let line: Int
  public let column: Int
  /// What was found, in one sentence.
  public let message: String
  public let hint: String?

  public init(line: Int, column: Int, message: String, hint: String? = nil) {
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }
}

/// Everything that is wrong with a file, in the order of its lines.
public struct FileFaults: Error, Hashable, Sendable {
  public let file: String
  public let faults: [Fault]

  public init(file: String, faults: [Fault]) {
    self.file = file
    self.faults = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }
}

extension FileFaults: CustomStringConvertible {
  /// One line for each fault as compilers print it, `FILE:LINE:COLUMN: message`, and its hint under it.
  public var description: String {
    faults.map { fault in
      "\(file):\(fault.line):\(fault.column): \(fault.message)" + (fault.hint.map { "\n  hint: \($0)" } ?? "")
    }.joined(separator: "\n")
  }
}
