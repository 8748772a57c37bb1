import Catalogue
import Certificates
import FoundationEssentials
import Keyspace
import Segmentation

extension Report {
  /// - Parameters:
  ///   - name: The name of the file.
  ///   - origin: The moment of the report, and the file.
  ///   - lint: What lint found in the file.
  ///   - inventory: The certificates of the ledger; nil without a ledger.
  ///   - results: What verify and preflight found; the last one of each counts.
  ///   - keys: How many keys the live cluster has; nil if it was not asked.
  package init(
    _ file: SegmentationFile, named name: String, _ segmentation: Segmentation, origin: ResultOrigin,
    program: String, lint: [LintFinding], accepting acceptances: Acceptances, inventory: Inventory?,
    results: [SavedResult], keys: KeyCounts?
  ) {
    cluster = file.cluster
    self.file = name
    fileSHA256 = origin.fileSHA256
    self.program = program
    at = origin.at
    calico = ([file.calico.release] + file.calico.also).map(\.description)
    tables = file.calico.roles.rawValue
    features = file.calico.features
    let matrix = AccessMatrix(segmentation)
    self.matrix = matrix
    nodes = Self.nodes(file, segmentation)
    certificates = inventory.map(Self.certificates)
    let found = lint.map { finding in
      CheckFinding(
        CheckRule(finding.rule), "\(finding.place)", finding.message, details: finding.details,
        accepting: acceptances)
    }
    let own = Checked(check: "lint", at: origin.at, isOfThisFile: true, findings: found)
    let latest = ["preflight", "verify"].compactMap { check in
      results.filter { $0.check == check }.max { $0.at < $1.at }
    }
    checks = [own] + latest.map { $0.checked(for: origin, accepting: acceptances) }
    // As verify counts them.
    let issued = segmentation.identities.filter(\.isIssued)
    let nodeCount = Set(issued.compactMap { $0.node?.description }).count
    proof = latest.firstNonNil { $0.proof(for: origin, accepting: acceptances, nodes: nodeCount) }
    shared = Self.shared(matrix, segmentation)
    sharedByNodes = Self.sharedByNodes(matrix, segmentation)
    rules = file.ruleResults(in: segmentation).map { result in
      Rule(
        name: result.rule.name, sentence: result.rule.sentence, why: result.rule.why, holds: result.holds,
        violations: result.violations.map(\.sentence))
    }
    self.keys = keys
  }

  private static func nodes(_ file: SegmentationFile, _ segmentation: Segmentation) -> Nodes {
    let meaning =
      switch file.isolation {
      case .component:
        "All nodes of a component share its user and its certificate: what is stolen on one node opens the keys of all."
      case .nodeCertificate:
        "Each node has certificates of its own, which can be revoked one by one. They open the same keys on each node."
      case .nodeUser:
        "Each node has users of its own: what is stolen on one node does not change the keys of another, except those that nodes share."
      }
    return Nodes(
      isolation: file.isolation.rawValue,
      names: file.isolation == .component ? [] : file.nodes.map(\.description), meaning: meaning)
  }

  private static func certificates(_ inventory: Inventory) -> [Certificate] {
    inventory.lines.filter { line in
      switch line.state {
      case .inUse, .fileMissing, .notInFile, .revokedInUse, .expiredInUse: line.entry.purpose != .probe
      case .replaced, .revoked, .expired, .probe: false
      }
    }.map { line in
      Certificate(
        identity: line.entry.identity, node: line.entry.node, state: line.state.rawValue,
        ends: line.entry.notAfter, renewal: line.due, needsAttention: line.needsAttention)
    }
  }

  /// The rows that several columns may write, with the reasons of each.
  private static func shared(_ matrix: AccessMatrix, _ segmentation: Segmentation) -> [Shared] {
    let parts = Dictionary(segmentation.keyNames.parts.map { ($0.name, $0.keys) }) { first, _ in first }
    return zip(matrix.rows, matrix.cells).compactMap { row, cells in
      let writers = zip(matrix.columns, cells).filter { !$0.isRoot && $1.write != .none }.map(\.0)
      guard writers.count > 1, let keys = parts[row.name] else { return nil }
      return Shared(
        keys: row.name,
        writers: writers.map { column in
          Shared.Writer(column: column.name, why: reasons(column, keys, segmentation))
        })
    }
  }

  private static func reasons(
    _ column: AccessMatrix.Column, _ keys: KeyRangeSet, _ segmentation: Segmentation
  ) -> [String] {
    guard let identity = column.users.first.flatMap({ segmentation[identity: $0] }) else { return [] }
    var seen: Set<String> = []
    return identity.roles.compactMap { segmentation[role: $0] }.flatMap(\.grants).filter { line in
      line.grant.access.contains(.write) && !keys.intersection(line.grant.range).isEmpty && !line.why.isEmpty
    }.map(\.why).filter { seen.insert($0).inserted }
  }

  private static func sharedByNodes(_ matrix: AccessMatrix, _ segmentation: Segmentation) -> [SharedByNodes] {
    matrix.columns.filter { $0.isDivided && !$0.isRoot }.flatMap { column -> [SharedByNodes] in
      guard let identity = column.users.first.flatMap({ segmentation[identity: $0] }) else { return [] }
      return identity.roles.filter { $0 != identity.user }.compactMap { segmentation[role: $0] }
        .flatMap(\.grants).filter { $0.grant.access.contains(.write) }.map { line in
          SharedByNodes(
            column: column.name, range: line.grant.range.description, access: line.grant.access.description,
            why: line.whyShared ?? line.why)
        }
    }
  }
}
