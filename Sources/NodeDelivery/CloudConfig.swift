import Text
import YAML

/// cloud-init's user-data: writes the files of a host, puts settings into files that may exist, and enables the agent's
/// service.
///
/// Every user of the machine can read its user-data, so it contains no key and no password.
package enum CloudConfig {
  /// - Parameters:
  ///   - files: The files of one host. They must contain no secrets and must be UTF-8 text.
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
        "    defer: true", "    content: |",
      ]
        + lines(String(decoding: file.bytes, as: UTF8.self)).map { $0.isEmpty ? "" : "      \($0)" }
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

  /// Without the empty line after the final newline, which YAML's block adds itself.
  private static func lines(_ text: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? lines.dropLast() : lines
  }
}
