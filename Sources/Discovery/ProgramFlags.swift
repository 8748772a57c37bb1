import YAML

/// A program that a static pod of kubeadm runs: the flags and the image of its container.
///
/// kubeadm writes one file for each into `/etc/kubernetes/manifests`, with `command: [PROGRAM, --flag=value, …]`
/// (kubernetes, `cmd/kubeadm/app/phases/controlplane/manifests.go`, `cmd/kubeadm/app/phases/etcd/local.go`).
struct ProgramFlags {
  /// By name, without the dashes. Of a flag that is given twice the last one counts, as for the programs.
  private let flags: [String: String]
  /// The tag of the image, without a digest; nil if there is none.
  let tag: String?

  /// - Parameter program: the last part of the command's path: `etcd`.
  /// - Returns: nil if the text has no container that runs the program.
  init?(of program: String, in text: String) {
    guard let root = YAMLDocuments(text).all.first, let containers = root["spec"]?["containers"]?.sequence
    else { return nil }
    for container in containers {
      let words = ["command", "args"].flatMap { container[$0]?.sequence ?? [] }.compactMap(\.string)
      guard words.contains(where: { $0 == program || $0.hasSuffix("/\(program)") }) else { continue }
      flags = Self.flags(words)
      tag = container["image"]?.string.flatMap(ImageTag.init)?.text
      return
    }
    return nil
  }

  subscript(_ name: String) -> String? { flags[name] }

  /// Both forms: `--flag=value` and `--flag value`.
  private static func flags(_ words: [String]) -> [String: String] {
    var flags: [String: String] = [:]
    for (index, word) in words.enumerated() where word.hasPrefix("--") {
      let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first.map(String.init) else { continue }
      let next = words.indices.contains(index + 1) ? words[index + 1] : "--"
      flags[name] = parts.count == 2 ? String(parts[1]) : next.hasPrefix("--") ? "true" : next
    }
    return flags
  }
}

/// The tag of an image: `v3.32.1` of `quay.io:443/calico/node:v3.32.1@sha256:…`.
struct ImageTag {
  let text: String

  init?(_ image: String) {
    let name = image.split(separator: "@", maxSplits: 1).first ?? ""
    guard let last = name.split(separator: "/").last, let colon = last.firstIndex(of: ":") else { return nil }
    let tag = last[last.index(after: colon)...]
    guard !tag.isEmpty else { return nil }
    text = String(tag)
  }
}

/// The documents of a YAML text, up to the first fault.
struct YAMLDocuments {
  private(set) var all: [Node] = []
  /// The line of the first fault; nil if the whole text is YAML.
  private(set) var faultLine: Int?

  init(_ text: String) {
    do throws(YAMLError) {
      var reader = try DocumentReader(
        text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text)
      while let document = try reader.next() { all.append(document.root) }
    } catch {
      faultLine = error.mark.line
    }
  }
}
