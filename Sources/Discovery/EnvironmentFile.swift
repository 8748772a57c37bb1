/// A file of variables for systemd's `EnvironmentFile=`, as kubespray writes `/etc/etcd.env`: `NAME=value` lines and
/// remarks (systemd.exec(5); kubespray, `roles/etcd/templates/etcd.env.j2`).
struct EnvironmentFile {
  private var values: [String: String] = [:]

  init(_ text: String) {
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0 == " " || $0 == "\t" }
      guard !line.hasPrefix("#"), !line.hasPrefix(";"), let sign = line.firstIndex(of: "=") else { continue }
      var value = line[line.index(after: sign)...]
      while value.last == " " || value.last == "\t" { value = value.dropLast() }
      if let quote = value.first, quote == "\"" || quote == "'", value.count > 1, value.last == quote {
        value = value.dropFirst().dropLast()
      }
      values[String(line[..<sign])] = String(value)
    }
  }

  /// nil if it is unset or empty.
  subscript(_ name: String) -> String? { values[name].flatMap { $0.isEmpty ? nil : $0 } }
}
