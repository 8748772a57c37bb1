import Glibc

/// Standard output, when private keys are about to go there because the user asked for them.
enum PrivateOutput {
  /// A terminal is refused. A file that the shell has opened gets mode 0600 before the first byte: the shell made it
  /// readable to others.
  static func prepare() throws {
    guard !Console.isTerminal(STDOUT_FILENO) else {
      throw Complaint(
        "the Secrets hold private keys, which are not printed on a terminal",
        hint:
          "use --to FILE, --secrets FILE or --secrets none, or pipe it into kubectl apply --server-side -f -")
    }
    try keepFromOthers()
  }

  /// A file that the shell has opened gets mode 0600.
  static func keepFromOthers() throws {
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    guard status.st_mode & 0o077 == 0 || fchmod(STDOUT_FILENO, 0o600) == 0 else {
      throw Complaint(
        "standard output is a file that others can read, and its mode cannot be changed",
        hint: "use --to FILE, which is written with mode 0600")
    }
  }
}
