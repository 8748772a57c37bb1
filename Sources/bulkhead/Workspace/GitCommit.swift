import Files
import FoundationEssentials
import Text

/// The commit that is checked out where a file lies, read from git's own files: no program runs that a
/// configuration in the folder names.
enum GitCommit {
  /// - Returns: nil if the file lies in no work tree, or its repository keeps its references in another form.
  static func checkedOut(at file: String) -> String? {
    var folder = URL(fileURLWithPath: file).standardizedFileURL.deletingLastPathComponent()
    for _ in 0..<64 {
      if let repository = repository(in: folder.path) { return commit(of: repository) }
      let parent = folder.deletingLastPathComponent()
      if parent.path == folder.path { return nil }
      folder = parent
    }
    return nil
  }

  /// The folder with `HEAD`: `.git`, or what a file `.git` names, as in a linked work tree.
  private static func repository(in folder: String) -> String? {
    let path = "\(folder)/.git"
    if text("\(path)/HEAD") != nil { return path }
    guard let link = text(path), link.hasPrefix("gitdir: ") else { return nil }
    let target = String(link.dropFirst("gitdir: ".count))
    return target.hasPrefix("/") ? target : "\(folder)/\(target)"
  }

  private static func commit(of repository: String) -> String? {
    guard let head = text("\(repository)/HEAD") else { return nil }
    guard head.hasPrefix("ref: ") else { return number(head) }
    let name = String(head.dropFirst("ref: ".count))
    guard name.hasPrefix("refs/"), !name.split(separator: "/").contains("..") else { return nil }
    // A linked work tree shares its references.
    var folders = [repository]
    if let common = text("\(repository)/commondir") {
      folders.append(common.hasPrefix("/") ? common : "\(repository)/\(common)")
    }
    for folder in folders {
      if let found = text("\(folder)/\(name)").flatMap(number) { return found }
      let packed = text("\(folder)/packed-refs") ?? ""
      let line = packed.split(separator: "\n").first { $0.hasSuffix(" \(name)") }
      if let line, let found = number(String(line.prefix { $0 != " " })) { return found }
    }
    return nil
  }

  /// A hash in hexadecimal, SHA-1 or SHA-256.
  private static func number(_ text: String) -> String? {
    [40, 64].contains(text.utf8.count) && text.utf8.allSatisfy { $0.hexadecimalValue != nil } ? text : nil
  }

  /// The text of a regular file, without spaces at its ends; nil if it cannot be read.
  private static func text(_ path: String) -> String? {
    guard let bytes = try? FileContents.readRegular(path) else { return nil }
    var text = String(decoding: bytes, as: UTF8.self)
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
