/// A fault in a file, with its position.
package struct Fault: Hashable, Sendable {
  /// Both count from 1.
  package let line: Int
  package let column: Int
  /// One sentence.
  package let message: String
  package let hint: String?

  package init(line: Int, column: Int, message: String, hint: String? = nil) {
    self.line = line
    self.column = column
    self.message = message
    self.hint = hint
  }
}

/// All faults in a file, ordered by line and column.
package struct FileFaults: Error, Hashable, Sendable {
  package let file: String
  package let faults: [Fault]

  package init(file: String, faults: [Fault]) {
    self.file = file
    self.faults = faults.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
  }
}

extension FileFaults: CustomStringConvertible {
  /// One line for each fault, as compilers print it: `FILE:LINE:COLUMN: message`. The hint follows on its own
  /// line.
  package var description: String {
    faults.map { fault in
      "\(file):\(fault.line):\(fault.column): \(fault.message)" + (fault.hint.map { "\n  hint: \($0)" } ?? "")
    }.joined(separator: "\n")
  }
}
