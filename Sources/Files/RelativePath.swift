extension String {
  /// This path if it is absolute, else the path relative to a folder.
  package func relative(to folder: String) -> String { hasPrefix("/") ? self : "\(folder)/\(self)" }

  /// The folder of the file with this path: "." for a name without a folder.
  package var containingFolder: String {
    guard let slash = lastIndex(of: "/") else { return "." }
    return slash == startIndex ? "/" : String(self[..<slash])
  }
}
