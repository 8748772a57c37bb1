extension SegmentationPlan {
  static let compaction = "COMPACTION_PERIOD"

  /// kube-controllers compacts etcd every ten minutes unless COMPACTION_PERIOD is "0". Its own user may not
  /// do this: it may not write `compact_rev_key`, which is outside `/calico/` and used by kube-apiserver too,
  /// and since etcd 3.5.28 and 3.6.9 Compact requires the role root. The variable is set if this run gives
  /// kube-controllers its own credential; if kube-controllers has it already, a missing setting is only a
  /// warning, so that a segmented manifest stays unchanged.
  mutating func stopCompaction() {
    for use in uses where use.component == "kube-controllers" {
      let object = pods[use.pod].object
      let hint = "set \(Self.compaction) to \"0\" in its env"
      let variable = use.container.variable(Self.compaction)
      if let value = variable?.value, YAMLValue(value) == .string("0") { continue }
      let offset = variable?.node.range.lowerBound ?? use.container.node.range.lowerBound
      guard isMoved(use), let list = use.container.node["env"], let last = list.items?.last else {
        warn(
          .compactionPeriod, at: offset, object, use.container.part,
          "does not have \(Self.compaction) \"0\", and its user may not compact etcd", hint: hint)
        continue
      }
      guard let variable else {
        let item = YAMLValue.mapping(["name": .string(Self.compaction), "value": .string("0")])
        plan(
          .append(item, to: list, YAMLStyle(like: last)), at: last.range.lowerBound, object,
          use.container.part,
          "has \(Self.compaction) \"0\": its user may not compact etcd")
        continue
      }
      guard let value = variable.value else {
        warn(
          .compactionPeriod, at: offset, object, use.container.part,
          "takes \(Self.compaction) from elsewhere, and its user may not compact etcd", hint: hint)
        continue
      }
      plan(
        .set(value, to: "0"), object, use.container.part,
        "has \(Self.compaction) \"0\": its user may not compact etcd")
    }
  }

  /// Whether an edit gives this mount another Secret.
  private func isMoved(_ use: CredentialUse) -> Bool {
    let places = [use.volumeName.range.lowerBound, use.volume.secretName?.range.lowerBound]
    return edits.contains { places.contains($0.edit.target.range.lowerBound) }
  }
}
