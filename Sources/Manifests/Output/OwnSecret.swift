/// The Secret of one component under the name this run gives it.
struct OwnSecret {
  let component: String
  let name: String
  let isImmutable: Bool
  let material: ComponentSecret.Material?
  /// The part of the hash that names and annotations show; nil where it is not known.
  let shortHash: String?
  private let baseName: String

  private static let shownDigits = 10

  init(_ secret: ComponentSecret, named names: ManifestOptions.SecretNames) {
    component = secret.component
    baseName = secret.name
    material = secret.material
    shortHash = secret.hash.map { String($0.prefix(Self.shownDigits)) }
    isImmutable = names == .hashed && shortHash != nil
    name = isImmutable ? "\(baseName)-\(shortHash ?? "")" : baseName
  }

  /// Whether a name is this component's in any of its forms: for one credential of its or another.
  func hasBorne(_ other: String) -> Bool {
    guard other.hasPrefix(baseName) else { return false }
    let ending = other.utf8.dropFirst(baseName.utf8.count)
    return ending.isEmpty
      || ending.first == UInt8(ascii: "-") && ending.count == Self.shownDigits + 1
        && ending.dropFirst().allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  /// Whether a volume of a Secret of this name is as it should be.
  func isNamed(_ other: String) -> Bool { other == name || shortHash == nil && hasBorne(other) }
}
