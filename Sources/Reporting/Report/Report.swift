import FoundationEssentials
import Segmentation

/// What a segmentation is and what is known of it, for people who are shown it: as one HTML page, as Markdown, and as
/// JSON, from which a later report shows what has changed.
package struct Report: Codable, Hashable, Sendable {
  /// The number of the form of the JSON.
  package static let currentFormat = 1

  package struct Nodes: Codable, Hashable, Sendable {
    package let isolation: String
    package let names: [String]
    /// What a certificate of one node opens at the others, as a sentence.
    package let meaning: String
  }

  package struct Certificate: Codable, Hashable, Sendable {
    package let identity: String
    package let node: String?
    package let state: String
    package let ends: Date
    package let renewal: Date
    package let needsAttention: Bool
  }

  /// The findings of one check.
  package struct Checked: Codable, Hashable, Sendable {
    /// `lint`, `preflight`, `verify`.
    package let check: String
    package let at: Date
    /// Whether it looked at this very file; false for a file that was changed since.
    package let isOfThisFile: Bool
    package let findings: [CheckFinding]
  }

  /// What verify found on the live cluster.
  package struct Proof: Codable, Hashable, Sendable {
    package struct Member: Codable, Hashable, Sendable {
      package let name: String
      package let release: String
    }
    package let at: Date
    package let isOfThisFile: Bool
    package let isInForce: Bool
    /// `3 of 3 members`.
    package let asked: String
    package let members: [Member]
    package let answers: Int
    package let wrong: Int
    package let withoutAnswer: Int
    /// The options that limited what was asked.
    package let limits: [String]
    /// The nodes that were probed, if they are not all.
    package let sampledNodes: [String]?
    package let nodes: Int
    package let notProbed: [String]
    /// The last day for which the list of vulnerabilities is known to be complete.
    package let vulnerabilitiesKnownOn: String
    /// The revision of the store before and after.
    package let revisions: [Int64]
    /// What verify could not ask, each as a sentence; nil for nothing.
    package let notAsked: [String]?
    /// Why it may say nothing about the cluster of today, without full stops; nil for no reason.
    package let doubts: [String]?

    /// `6 of 7 answers are as expected`.
    var score: String { "\(max(answers - wrong - withoutAnswer, 0)) of \(answers) answers are as expected" }
  }

  /// Keys that several kinds of identities may write, and why.
  package struct Shared: Codable, Hashable, Sendable {
    package struct Writer: Codable, Hashable, Sendable {
      package let column: String
      package let why: [String]
    }
    package let keys: String
    package let writers: [Writer]
  }

  /// Keys that each node may write although they are not its own, and why it cannot be less.
  package struct SharedByNodes: Codable, Hashable, Sendable {
    package let column: String
    package let range: String
    package let access: String
    package let why: String
  }

  package struct Rule: Codable, Hashable, Sendable {
    package let name: String
    package let sentence: String
    package let why: String
    package let holds: Bool
    package let violations: [String]
  }

  /// How many keys the live cluster has.
  package struct KeyCounts: Codable, Hashable, Sendable {
    package let at: Date
    package let total: Int
    /// By the name of the row; rows without keys are left out.
    package let byRow: [String: Int]
    /// Keys that no user but administrators reach, by kind.
    package let unowned: [String]
    /// The size of each member's store in bytes, by name.
    package let storeBytes: [String: Int64]

    package init(
      at: Date, total: Int, byRow: [String: Int], unowned: [String], storeBytes: [String: Int64]
    ) {
      self.at = at
      self.total = total
      self.byRow = byRow
      self.unowned = unowned
      self.storeBytes = storeBytes
    }
  }

  package var format = Report.currentFormat
  package let cluster: String
  /// The name of the segmentation file.
  package let file: String
  package let fileSHA256: String
  /// The release of Bulkhead.
  package let program: String
  package let at: Date
  package let calico: [String]
  /// `corrected` or `documented`.
  package let tables: String
  package let features: [String]
  package let matrix: AccessMatrix
  package let nodes: Nodes
  /// By end, the first to end first; nil if this machine has no ledger.
  package let certificates: [Certificate]?
  package let checks: [Checked]
  package let proof: Proof?
  package let shared: [Shared]
  package let sharedByNodes: [SharedByNodes]
  package let rules: [Rule]
  package let keys: KeyCounts?
  package var changes: ReportChanges?

  /// What the proof says, without a full stop; nil without a proof.
  var proofResult: String? {
    guard let proof else { return nil }
    guard proof.isInForce else { return "not in force, or not known to be" }
    let isAccepted = checks.contains { check in
      check.check == "verify" && check.findings.contains { $0.isAccepted && $0.severity == .error }
    }
    return "in force, as far as was asked" + (isAccepted ? " and but for what was accepted" : "")
      + (proof.doubts.map { ", but \($0.joined(separator: ", and "))" } ?? "")
  }

  /// What the report does not know, each as a sentence.
  package var notAsked: [String] {
    var sentences: [String] = []
    if let proof {
      if !proof.isOfThisFile {
        sentences.append("The proof is of another version of the file: run 'bulkhead verify' again.")
      }
      for doubt in proof.doubts ?? [] {
        sentences.append(
          "Whether etcd enforces this now was not asked: \(doubt). Run 'bulkhead verify' again.")
      }
      sentences += proof.notAsked ?? []
      if !proof.limits.isEmpty {
        sentences.append("The proof was limited by \(proof.limits.joined(separator: " ")).")
      }
    } else {
      sentences.append(
        "Whether etcd enforces this was not asked: the report was made from the file, without a result of 'bulkhead verify'."
      )
    }
    for check in ["preflight"] where !checks.contains(where: { $0.check == check }) {
      sentences.append("'bulkhead \(check)' was not run for this report.")
    }
    for check in checks where !check.isOfThisFile && check.check != "verify" {
      sentences.append("The findings of \(check.check) are of another version of the file.")
    }
    if certificates == nil {
      sentences.append(
        "Which certificates exist is not known here: this machine has no ledger of the authority.")
    }
    if keys == nil { sentences.append("How many keys there are was not asked ('--live').") }
    return sentences
  }
}
