import Manifests
import Testing

/// A manifest damaged in every line, in several ways: either it is refused, or what comes out is right.
@Suite("damaged manifests")
struct MutationTests {
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
    let own = [
      "install-cni": "calico-cni-etcd-secrets", "calico-node": "calico-node-etcd-secrets",
      "calico-kube-controllers": "calico-kube-controllers-etcd-secrets",
    ]
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
        #expect(secret == own[name], "\(damage.rawValue) line \(index + 1): \(container)")
      }
    }
    #expect(transformed > 0 && transformed < lines.count)
  }
}
