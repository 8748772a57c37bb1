import Glibc
import Terminal

/// Protects standard output when the user asked to write private keys to it.
enum PrivateOutput {
  /// Refuses a terminal. Sets the mode of a redirected file to 0600 before the first byte, because the shell
  /// created it readable for others.
  static func prepare() throws {
    guard !Console.isTerminal(STDOUT_FILENO) else {
      throw CommandError(
        "the Secrets hold private keys, which are not printed on a terminal",
        hint:
          "use --to FILE, --secrets FILE or --secrets none, or pipe it into kubectl apply --server-side -f -")
    }
    try keepFromOthers()
  }

  /// Sets the mode of a redirected file to 0600.
  static func keepFromOthers() throws {
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    guard status.st_mode & 0o077 == 0 || fchmod(STDOUT_FILENO, 0o600) == 0 else {
      throw CommandError(
        "standard output is a file that others can read, and its mode cannot be changed",
        hint: "use --to FILE, which is written with mode 0600")
    }
  }
}
