import Errors
import Glibc

/// Why a file could not be read or written: one sentence, and a hint what to do. Never contains file content.
package struct FileError: ExplainedError, Hashable, Sendable {
  /// The kind of failure, for callers that handle it.
  package enum Kind: Hashable, Sendable {
    case missing, exists, isDirectory, notDirectory, notRegularFile, permission, readOnly, noSpace, tooLarge
    case notText, invalidPath, other
    /// Every user may read or write a file with a secret.
    case exposed
  }

  package let kind: Kind
  package let path: String
  /// One sentence in lower case without a full stop.
  package let message: String
  package let hint: String?

  package var description: String { message }

  init(_ kind: Kind, _ path: String, _ message: String, hint: String) {
    self.kind = kind
    self.path = path
    self.message = message
    self.hint = hint
  }

  /// The error for a value of `errno`, which must be read directly after the failed call.
  /// - Parameter action: What was attempted, as in "cannot ACTION PATH".
  init(errno code: Int32, _ action: String, _ path: String) {
    let failed = "cannot \(action) \(path): "
    switch code {
    case ENOENT:
      self.init(.missing, path, failed + "it does not exist", hint: "check the path, or create it first")
    case EEXIST:
      self.init(.exists, path, failed + "it exists already", hint: "choose another path, or remove it")
    case EISDIR:
      self.init(.isDirectory, path, failed + "it is a directory", hint: "name a file")
    case ENOTDIR:
      self.init(.notDirectory, path, failed + "a part of the path is not a directory", hint: "check the path")
    case EACCES, EPERM:
      self.init(
        .permission, path, failed + "permission denied", hint: "run as the owner, or choose another path")
    case EROFS:
      self.init(.readOnly, path, failed + "the file system is read-only", hint: "choose another path")
    case ENOSPC, EDQUOT:
      self.init(.noSpace, path, failed + "no space is left", hint: "free some space and run again")
    case ELOOP:
      self.init(
        .other, path, failed + "it is a symbolic link, or has too many on its way",
        hint: "find out who made the link, and remove it")
    case ENAMETOOLONG:
      self.init(.invalidPath, path, failed + "the name is too long", hint: "choose a shorter name")
    default:
      let reason = String(cString: strerror(code)).lowercased()
      self.init(
        .other, path, failed + reason, hint: "look at the path with ls -ld and at the file system's state")
    }
  }
}
