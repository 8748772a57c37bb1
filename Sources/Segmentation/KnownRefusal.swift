import Catalogue

/// Requests that a program sends although it may not, and whose refusal it does without: no lock-out.
package struct KnownRefusal: Hashable, Sendable {
  /// The program, or the person.
  package let sender: String
  /// What is refused, and when.
  package let request: String
  /// The gRPC method, as the members count it.
  package let method: String
  /// How many are refused in a second at most.
  package let perSecond: Double
  /// How many one command of a person sends.
  package let atOnce: Int
  /// What ends the requests; nil if nothing does.
  package let cure: String?

  package init(
    sender: String, request: String, method: String, perSecond: Double = 0, atOnce: Int = 0,
    cure: String? = nil
  ) {
    self.sender = sender
    self.request = request
    self.method = method
    self.perSecond = perSecond
    self.atOnce = atOnce
    self.cure = cure
  }

  /// `kube-controllers reads compact_rev_key once a second`.
  package var words: String { "\(sender) \(request)" }
}

extension SegmentationFile {
  /// What the programs of the file are refused, as seen with real programs.
  package var knownRefusals: [KnownRefusal] {
    var known: [KnownRefusal] = []
    let since = CalicoRelease(major: 3, minor: 32)
    if components.contains("kube-controllers"), !calico.features.contains("compaction"),
      ([calico.release] + calico.also).contains(where: { $0 >= since })
    {
      known.append(
        KnownRefusal(
          sender: "kube-controllers",
          request: "reads compact_rev_key once a second unless COMPACTION_PERIOD is \"0\"",
          method: "Range", perSecond: 1.2, cure: "set COMPACTION_PERIOD of kube-controllers to \"0\""))
    }
    if calicoctl.contains(where: { $0.access == .policyEditor }) {
      known.append(
        KnownRefusal(
          sender: "calicoctl of a policy editor",
          request:
            "writes clusterinformations/default, and from v3.29 on the tiers, with each create, apply and replace",
          method: "Txn", atOnce: 8))
    }
    return known
  }
}
