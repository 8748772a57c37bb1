/// cloud-init's user-data: the files of a host, and the agent's service turned on.
///
/// Whoever is on the machine can read its user-data, so no key and no password goes in.
package enum CloudConfig {
  package static func text(_ files: [NodeFile]) -> String {
    let writing = files.flatMap { file in
      [
        "  - path: \(file.path)", "    owner: \(file.owner):\(file.group)",
        "    permissions: \"0\(String(file.mode, radix: 8))\"",
        // Groups that packages make are there only later.
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

  /// Without the empty one after the last line's end, which the block has by itself.
  private static func lines(_ text: String) -> [Substring] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.last?.isEmpty == true ? lines.dropLast() : lines
  }
}
