internal import CBuildNote
import FoundationEssentials

/// What the linker wrote into the executable about how it was built (`tools/build`); a development build has none.
package struct BuildNote: Codable, Hashable, Sendable {
  /// The commit, with `+changes` where the working tree had others.
  package let commit: String?
  /// The Swift release that compiled it.
  package let toolchain: String?
  /// `dynamic` if the libraries of the distribution are loaded when it starts, `static` if they are inside.
  package let libraries: String?

  /// What the running executable says; all nil if it says nothing that can be read.
  package static let current: BuildNote = {
    var length = 0
    guard let start = shim_package_note(&length), length > 0 else { return BuildNote() }
    let text = UnsafeRawBufferPointer(start: start, count: length).prefix { $0 != 0 }
    return (try? JSONDecoder().decode(BuildNote.self, from: Data(text))) ?? BuildNote()
  }()

  private init() { (commit, toolchain, libraries) = (nil, nil, nil) }
}
