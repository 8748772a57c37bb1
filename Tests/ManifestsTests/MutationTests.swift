import Manifests
import TestSupport
import Testing

/// A manifest damaged in every line, in several ways: it is either refused or segmented correctly.
@Suite("damaged manifests")
struct MutationTests {
  private static let own = [
    "install-cni": "calico-cni-etcd-secrets", "calico-node": "calico-node-etcd-secrets",
    "calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
  ]

  enum Damage: String, CaseIterable {
    case deleted, swapped, indented, anchored

    func apply(to lines: [String], at index: Int) -> [String] {
      var lines = lines
      switch self {
      case .deleted: lines.remove(at: index)
      case .swapped: if index + 1 < lines.count { lines.swapAt(index, index + 1) }
      case .indented: lines[index] = "  " + lines[index]
      case .anchored: lines[index] = lines[index].replacing(": ", with: ": &a ", maxReplacements: 1)
      }
      return lines
    }
  }

  @Test("no container gets the wrong credential", arguments: Damage.allCases)
  func damage(_ damage: Damage) throws {
    let lines = SmallManifest.whole.lines
    var transformed = 0
    for index in lines.indices {
      let text = damage.apply(to: lines, at: index).joined(separator: "\n")
      guard let result = try? Samples.segment(text) else { continue }
      transformed += 1
      let credentials = try ParsedManifest(result.text).credentials
      #expect(!credentials.isEmpty)
      for (container, secret) in credentials {
        let name = container.split(separator: " ").last.map(String.init) ?? ""
        #expect(secret == Self.own[name], "\(damage.rawValue) line \(index + 1): \(container)")
      }
    }
    #expect(transformed > 0 && transformed < lines.count)
  }

  /// The places that an edit of the small manifest may change.
  private static var edited: Regex<(Substring, Substring?, Substring?)> {
    #/\.(ca|cert|key):|\.secretName:|volumes\[|volumeMounts\[|env\[(ETCD_|COMPACTION_PERIOD)|^Secret\/shared/#
  }

  /// Whether a change is one of the CNI configuration, and only of the paths of the credential in it: a damaged
  /// placeholder is written again.
  private static func setsPaths(_ change: String) -> Bool {
    let paths = #/"(?:etcd_key_file|etcd_cert_file|etcd_ca_cert_file)"\s*:\s*"[^"]*"/#
    guard let start = change.firstRange(of: "ConfigMap/settings.data.cni: "),
      start.lowerBound == change.startIndex
    else { return false }
    let sides = change[start.upperBound...].split(separator: " -> ", omittingEmptySubsequences: false)
    return sides.count == 2
      && sides[0].replacing(paths, with: "path") == sides[1].replacing(paths, with: "path")
  }

  /// Several thousand, the same in every run; a slow machine does fewer.
  @Test("with randomly damaged characters and lines, only the wiring changes", arguments: 1...4)
  func randomDamage(seed: Int) throws {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(2)
    var random = SeededGenerator(seed: seed)
    var transformed = 0
    var refused = 0
    while transformed + refused < 1_000, clock.now < end || transformed == 0 || refused == 0 {
      var text = SmallManifest.whole
      for _ in 1...Int.random(in: 1...3, using: &random) { text = random.damaged(text) }
      guard let result = try? Samples.segment(text) else {
        refused += 1
        continue
      }
      transformed += 1
      for (container, secret) in try ParsedManifest(result.text).credentials {
        let name = container.split(separator: " ").last.map(String.init) ?? ""
        #expect(secret == Self.own[name], "\(container)\n\(text)")
      }
      for change in try ParsedManifest.changes(from: text, to: result.text) {
        #expect(change.contains(Self.edited) || Self.setsPaths(change), "\(change)\n\(text)")
      }
      #expect(try Samples.segment(result.text).text == result.text)
    }
    #expect(transformed > 0 && refused > 0)
  }
}

extension SeededGenerator {
  fileprivate mutating func damaged(_ text: String) -> String {
    var lines = text.lines
    let index = Int.random(in: lines.indices, using: &self)
    var characters = Array(lines[index])
    switch Int.random(in: 0..<9, using: &self) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(lines[index], at: index)
    case 2: lines.swapAt(index, Int.random(in: lines.indices, using: &self))
    case 3: lines[index] = " " + lines[index]
    case 4: lines[index] = String(lines[index].drop { $0 == " " })
    case 5: lines[index] += "\r"
    case 6: if index + 1 < lines.count { lines[index] += lines.remove(at: index + 1) }
    case 7:
      if !characters.isEmpty { characters.remove(at: Int.random(in: characters.indices, using: &self)) }
      lines[index] = String(characters)
    default:
      let new = Array(":-#{}[]'\"&*!|>%@,? \tx0\u{e9}\u{7f}").randomElement(using: &self) ?? "x"
      characters.insert(new, at: Int.random(in: 0...characters.count, using: &self))
      lines[index] = String(characters)
    }
    return lines.joined(separator: "\n")
  }
}
