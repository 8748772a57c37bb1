/// The Secret of one component, under its name in this run.
struct OwnSecret {
  let component: String
  let name: String
  let isImmutable: Bool
  let material: ComponentSecret.Material?
  /// The part of the hash that appears in names and annotations; nil if the hash is not known.
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

  /// Whether a name is this component's in any form: plain, or with the hash of any credential.
  func hasBorne(_ other: String) -> Bool {
    guard other.hasPrefix(baseName) else { return false }
    let ending = other.utf8.dropFirst(baseName.utf8.count)
    return ending.isEmpty
      || ending.first == UInt8(ascii: "-") && ending.count == Self.shownDigits + 1
        && ending.dropFirst().allSatisfy { "0123456789abcdef".utf8.contains($0) }
  }

  /// Whether a volume with a Secret of this name needs no change.
  func isNamed(_ other: String) -> Bool { other == name || shortHash == nil && hasBorne(other) }
}
