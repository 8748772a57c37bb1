import YAML

/// cloud-init's user-data: writes the files of a host and enables the agent's service.
///
/// Every user of the machine can read its user-data, so it contains no key and no password.
package enum CloudConfig {
  /// - Parameter files: The files of one host. They must contain no secrets and must be UTF-8 text.
  /// - Returns: A `#cloud-config` document.
  package static func text(_ files: [NodeFile]) -> String {
    let writing = files.flatMap { file in
      [
        "  - path: \(file.path.asDoubleQuotedYAML)", "    owner: \(file.owner):\(file.group)",
        "    permissions: \"0\(String(file.mode, radix: 8))\"",
        // Groups that packages create exist only later.
        "    defer: true", "    content: |",
      ]
        + lines(String(decoding: file.bytes, as: UTF8.self)).map { $0.isEmpty ? "" : "      \($0)" }
    }
    return
      (["#cloud-config", "# Written by 'bulkhead bundle'.", "write_files:"] + writing + [
        "runcmd:", "  - [systemctl, daemon-reload]", "  - [systemctl, enable, --now, \(AgentService.unit)]",
        "",
      ]).joined(separator: "\n")
  }

  /// Without the empty line after the final newline, which YAML's block adds itself.
  private static func lines(_ text: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? lines.dropLast() : lines
  }
}
