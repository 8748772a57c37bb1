import Files
import FoundationEssentials

/// A credential for a source, in a file or in the environment. Never in an argument, which each user of the
/// machine can read.
///
/// It is read each time it is used, because other programs renew it: the kubelet replaces service-account
/// tokens.
package struct Secret: Hashable, Sendable {
  package let file: String?
  /// The environment variable that is read if no file is named.
  package let variable: String?

  package init(file: String?, variable: String? = nil) {
    self.file = file
    self.variable = variable
  }

  /// The size limit of a token: service-account tokens have about 1 KiB, Vault's batch tokens a few hundred
  /// bytes.
  private static let limit = 64 << 10

  /// The credential, without surrounding white space; nil if it does not exist.
  /// - Throws: ``SourceError`` if the file exists but is unreadable or empty.
  func readIfPresent() throws(SourceError) -> String? {
    guard let file else {
      return variable.flatMap { ProcessInfo.processInfo.environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }
    do {
      let bytes = try FileContents.readSecret(file, limit: Self.limit)
      let text = String(decoding: bytes, as: UTF8.self).trimmed
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw SourceError(
          "\(file) holds no token", hint: "write the token alone into it", isTransient: true)
      }
      return text
    } catch let error as SourceError {
      throw error
    } catch let error as FileError where error.kind == .missing {
      return nil
    } catch {
      throw SourceError("\(error)", hint: (error as? FileError)?.hint, isTransient: true)
    }
  }

  /// - Parameter what: A description for messages: `the token for vault`.
  /// - Throws: ``SourceError``, also if it does not exist.
  func read(_ what: String) throws(SourceError) -> String {
    if let secret = try readIfPresent() { return secret }
    let places = [file.map { "in \($0)" }, variable.map { "in the environment as \($0)" }].compactMap { $0 }
    throw SourceError(
      "no \(what)", hint: "put it \(places.joined(separator: ", or "))", isTransient: true)
  }
}
