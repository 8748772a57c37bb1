import Database

extension CertificatesError {
  /// An SQLite error with a hint. SQLite's own message is left out: it may quote values.
  init(_ error: DatabaseError, ledger path: String) {
    switch error.kind {
    case .full:
      self.init("cannot write \(path): no space is left", hint: "free some space and run again")
    case .readOnly:
      self.init(
        "cannot write \(path): it, or its folder, is read-only", hint: "run as the owner of the folder")
    case .cannotOpen:
      self.init("cannot open \(path)", hint: "look at the file and its folder with ls -la; run as the owner")
    case .busy:
      self.init(
        "another program has held \(path) for \(Ledger.patience.components.seconds) seconds",
        hint: "find it with fuser, or wait and run again")
    case .corrupt, .notADatabase:
      self.init(
        "\(path) is damaged", hint: "move it away and put back a copy, or look with sqlite3's .recover")
    case .inputOutput:
      self.init("the disk failed at \(path)", hint: "look at the file system's state and run again")
    case .constraint:
      self.init(
        "\(path) holds a certificate with this serial or fingerprint already",
        hint: "run the same command again: the next serial is another")
    case .outOfMemory, .mismatch, .other:
      self.init(
        "\(path) cannot be used: SQLite's code \(error.extendedCode)",
        hint: "look at it with sqlite3")
    }
  }
}
