import Files
import Foundation

/// Where a credential for a source is found: in a file, or else in the environment. Never in an argument, which every
/// user of the machine can read.
///
/// It is read anew each time it is needed, because others renew it: the kubelet replaces service-account tokens.
package struct Secret: Hashable, Sendable {
  package let file: String?
  /// The environment variable that is asked where no file is named.
  package let variable: String?

  package init(file: String?, variable: String? = nil) {
    self.file = file
    self.variable = variable
  }

  /// The most that a token has: service-account tokens have about 1 KiB, Vault's batch tokens a few hundred bytes.
  private static let limit = 64 << 10

  /// The credential, without white space around it; nil where there is none.
  /// - Throws: ``SourceError`` where the file is there and cannot be read, or is empty.
  func readIfPresent() throws(SourceError) -> String? {
    guard let file else {
      return variable.flatMap { ProcessInfo.processInfo.environment[$0] }.flatMap { $0.isEmpty ? nil : $0 }
    }
    do {
      guard let bytes = try FileContents.readIfPresent(file, limit: Self.limit) else { return nil }
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
        throw SourceError(
          "\(file) holds no token", hint: "write the token alone into it", isTransient: true)
      }
      return text
    } catch let error as SourceError {
      throw error
    } catch {
      throw SourceError("\(error)", hint: (error as? FileError)?.hint, isTransient: true)
    }
  }

  /// - Parameter what: What it is, for the message: `the token for vault`.
  /// - Throws: ``SourceError``, also where there is none.
  func read(_ what: String) throws(SourceError) -> String {
    if let secret = try readIfPresent() { return secret }
    let places = [file.map { "in \($0)" }, variable.map { "in the environment as \($0)" }].compactMap { $0 }
    throw SourceError(
      "there is no \(what)", hint: "put it \(places.joined(separator: ", or "))", isTransient: true)
  }
}
