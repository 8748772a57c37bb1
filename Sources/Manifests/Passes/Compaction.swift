/// Turns off the compaction by kube-controllers, which compacts etcd every ten minutes unless
/// COMPACTION_PERIOD is "0". Its own user may not do this: it may not write `compact_rev_key`, which is
/// outside `/calico/` and used by kube-apiserver too, and since etcd 3.5.28 and 3.6.9 Compact requires the
/// role root. The variable is set if this run gives kube-controllers its own credential; if kube-controllers
/// has it already, a missing setting is only a warning, so that a segmented manifest stays unchanged.
struct Compaction {
  private static let period = "COMPACTION_PERIOD"

  private(set) var findings: Findings

  init(_ manifest: Manifest, uses: [CredentialUse], edits: [PlannedEdit]) {
    findings = Findings(in: manifest)
    let edited = Set(edits.map(\.edit.target.range.lowerBound))
    for use in uses where use.component == "kube-controllers" {
      let names = [use.volumeName, use.volume.secretName].compactMap(\.self)
      stop(use, isMoved: names.contains { edited.contains($0.range.lowerBound) })
    }
  }

  /// - Parameter isMoved: Whether an edit gives this mount another Secret.
  private mutating func stop(_ use: CredentialUse, isMoved: Bool) {
    let hint = "set \(Self.period) to \"0\" in its env"
    let variable = use.container.variable(Self.period)
    if let value = variable?.value, YAMLValue(value) == .string("0") { return }
    let offset = variable?.node.range.lowerBound ?? use.container.node.range.lowerBound
    let what = "has \(Self.period) \"0\": its user may not compact etcd"
    guard isMoved, let list = use.container.node["env"], let last = list.items?.last else {
      findings.warn(
        .compactionPeriod, at: offset, use.object, use.container.part,
        "does not have \(Self.period) \"0\", and its user may not compact etcd", hint: hint)
      return
    }
    guard let variable else {
      let item = YAMLValue.mapping(["name": .string(Self.period), "value": .string("0")])
      findings.edit(
        .append(item, to: list, YAMLStyle(like: last)), at: last.range.lowerBound, use.object,
        use.container.part, what)
      return
    }
    guard let value = variable.value else {
      findings.warn(
        .compactionPeriod, at: offset, use.object, use.container.part,
        "gets \(Self.period) from elsewhere, and its user may not compact etcd", hint: hint)
      return
    }
    findings.edit(.set(value, to: "0"), use.object, use.container.part, what)
  }
}
