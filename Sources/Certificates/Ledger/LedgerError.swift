import GRDB

extension CertificatesError {
  /// What SQLite says, in words and with what to do. Its own message never goes on: it may quote values.
  init(_ error: DatabaseError, ledger path: String) {
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init("cannot write \(path): no space is left", hint: "free some space and run again")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(
        "cannot write \(path): it, or its folder, is read-only", hint: "run as the owner of the folder")
    case .SQLITE_CANTOPEN:
      self.init("cannot open \(path)", hint: "look at the file and its folder with ls -la; run as the owner")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(
        "another program has held \(path) for \(Int(Ledger.patience)) seconds",
        hint: "find it with fuser, or wait and run again")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(
        "\(path) is damaged", hint: "move it away and put back a copy, or look with sqlite3's .recover")
    case .SQLITE_IOERR:
      self.init("the disk failed at \(path)", hint: "look at the file system's state and run again")
    case .SQLITE_CONSTRAINT:
      self.init(
        "\(path) holds a certificate with this serial or fingerprint already",
        hint: "run the same command again: the next serial is another")
    default:
      self.init(
        "\(path) cannot be used: SQLite's code \(error.extendedResultCode.rawValue)",
        hint: "look at it with sqlite3")
    }
  }
}
