/// The name of a node in Calico: `NODENAME`, or the host name in lower case.
package struct NodeName: Hashable, Sendable {
  package let text: String

  /// Checks the name by Calico's rule for the name of a Node: DNS labels in lower case, joined by dots, at
  /// most 253 bytes, without a limit for each label (libcalico-go, `lib/validator/v3/validator.go`,
  /// `nameRegex`).
  package init(_ text: String) throws(CatalogueError) {
    guard text.utf8.count <= 253 else {
      throw CatalogueError("a node name has \(text.utf8.count) bytes", hint: "Calico allows 253")
    }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    guard labels.allSatisfy(DNSLabel.isValid) else {
      let lower = text.lowercased()
      throw CatalogueError(
        "\"\(text)\" is not a valid node name of Calico",
        hint: lower != text
          && lower.split(separator: ".", omittingEmptySubsequences: false)
            .allSatisfy(DNSLabel.isValid)
          ? "Calico writes host names in lower case: \"\(lower)\""
          : "use a-z, 0-9, '-' and '.', with a letter or digit at both ends of each part")
    }
    self.text = text
  }

  /// The name as part of a WorkloadEndpoint's name, where a single dash separates the parts: each dash is
  /// doubled (libcalico-go, `lib/names/workloadendpoint.go`, `escapeDashes`). So no node's name, followed by
  /// the separator, is a prefix of another's.
  package var escaped: String {
    text.split(separator: "-", omittingEmptySubsequences: false).joined(separator: "--")
  }
}

extension NodeName: Comparable, CustomStringConvertible {
  package static func < (left: NodeName, right: NodeName) -> Bool { left.text < right.text }
  package var description: String { text }
}

/// Calico's `nameLabelFmt`: `[a-z0-9]([-a-z0-9]*[a-z0-9])?`.
enum DNSLabel {
  static func isValid(_ text: some StringProtocol) -> Bool {
    !text.isEmpty && !text.hasPrefix("-") && !text.hasSuffix("-")
      && text.utf8.allSatisfy {
        $0 == UInt8(ascii: "-") || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0)
      }
  }
}
