import FoundationEssentials
import Text
import YAML

/// cloud-init's user-data: writes the files of a host, puts settings into files that may exist, and enables the agent's
/// service.
///
/// Every user of the machine can read its user-data, so it contains no key and no password.
package enum CloudConfig {
  /// - Parameters:
  ///   - files: The files of one host. They must contain no secrets.
  ///   - base: The folder of Bulkhead's files on the host.
  ///   - unit: The agent's unit.
  /// - Returns: A `#cloud-config` document.
  package static func text(_ files: [NodeFile], base: String, unit: String) -> String {
    let settings = files.filter { $0.format != .whole }
    let put = NodeFile(path: "\(base)/put", bytes: PackageResources.put, mode: 0o755)
    let written = files.map { file in
      file.format == .whole
        ? file : NodeFile(path: "\(base)/\(file.source)", bytes: file.bytes, mode: 0o644)
    }
    let writing = (written + (settings.isEmpty ? [] : [put])).flatMap { file in
      [
        "  - path: \(file.path.asDoubleQuotedYAML)", "    owner: \(file.owner):\(file.group)",
        "    permissions: \"\(file.octalMode)\"",
        // Groups that packages create exist only later.
        "    defer: true",
      ] + content(file.bytes)
    }
    let putting = settings.map { file in
      let words = [
        "\(base)/put", file.format.rawValue, file.path, file.octalMode, file.owner, file.group,
      ].map(ShellWord.posix).joined(separator: " ")
      return "BULKHEAD_BASE=\(base) \(words) <\(ShellWord.posix("\(base)/\(file.source)"))"
    }
    return
      (["#cloud-config", "# Written by 'bulkhead bundle'.", "write_files:"] + writing + ["runcmd:"]
      + putting.map { "  - [sh, -c, \($0.asDoubleQuotedYAML)]" } + [
        "  - [systemctl, daemon-reload]", "  - [systemctl, enable, --now, \(unit)]", "",
      ]).joined(separator: "\n")
  }

  private static func content(_ bytes: [UInt8]) -> [String] {
    guard let text = plainText(bytes) else {
      return ["    encoding: b64", "    content: \"\(Data(bytes).base64EncodedString())\""]
    }
    return ["    content: |"] + lines(text).map { $0.isEmpty ? "" : "      \($0)" }
  }

  /// The text that YAML's block `|` gives back byte for byte; nil for any other content.
  private static func plainText(_ bytes: [UInt8]) -> String? {
    let newline: UInt8 = 0x0a
    // An indented first line would set the block's indentation, and the block ends with exactly one newline.
    guard let first = bytes.first(where: { $0 != newline }), first != 0x20, first != 0x09,
      bytes.last == newline, bytes.dropLast().last != newline
    else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    guard Array(text.utf8) == bytes, text.unicodeScalars.allSatisfy(isPlain) else { return nil }
    return text
  }

  /// Whether it is a character that YAML 1.1 can hold as it is, and that ends a line only if it is a newline.
  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0a: true
    case 0..<0x20, 0x7f...0x9f, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff: false
    default: true
    }
  }

  /// Without the empty line after the final newline, which YAML's block adds itself.
  private static func lines(_ text: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? lines.dropLast() : lines
  }
}
