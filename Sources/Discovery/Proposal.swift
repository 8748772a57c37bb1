import Names
import Segmentation

/// The file to write, from what was given and what was found: what was given goes first.
package struct Proposal: Sendable {
  package private(set) var template: FileTemplate
  /// What was found, each with its source: one line each.
  package private(set) var findings: [String] = []
  /// What was seen and is not in the file: sentences.
  package private(set) var remarks: [String] = []
  /// What was neither given nor found.
  package private(set) var questions: [Question] = []

  private let given: Set<Question>

  /// - Parameters:
  ///   - template: with the values that were given.
  ///   - given: which those are.
  ///   - hasComponents: whether components were given, or the manifest is not of all of them.
  ///   - hasCertificate: whether the certificate of an administrator was given.
  ///   - path: where a file of the host is, as the new file names it.
  package init(
    _ template: FileTemplate, given: Set<Question>, hasComponents: Bool, hasCertificate: Bool,
    host: HostDiscovery?,
    manifest: ManifestFacts?, running: RunningEtcd?, path: (String) -> String
  ) {
    self.template = template
    self.given = given
    var answered = given
    if let host, !host.isEmpty {
      if isOther(host) {
        let found = host.endpoints.first?.value.joined(separator: ",") ?? ""
        remarks.append("the files of this host are not used: they are about another etcd, \(found)")
      } else {
        take(host, &answered, hasCertificate, path)
      }
    }
    if let running { take(running, &answered) }
    take(endpointsOf: manifest, host, &answered)
    if let manifest { take(manifest, hasComponents, &answered) }
    questions = Question.allCases.filter { !answered.contains($0) }
  }

  /// Whether endpoints were given that the host's files do not have.
  private func isOther(_ host: HostDiscovery) -> Bool {
    let known = Set((host.endpoints.flatMap(\.value) + host.local).compactMap { try? Endpoint($0) })
    guard given.contains(.endpoints), !known.isEmpty else { return false }
    return known.isDisjoint(with: template.endpoints.compactMap { try? Endpoint($0) })
  }

  private mutating func note(_ what: String, _ value: String, _ source: String) {
    findings.append("\(what): \(value) (\(source))")
  }

  private mutating func take(
    _ host: HostDiscovery, _ answered: inout Set<Question>, _ hasCertificate: Bool, _ path: (String) -> String
  ) {
    if let found = host.installer { note("installed by", found.value.rawValue, found.source) }
    if let found = host.kubernetes { note("Kubernetes", found.value, found.source) }
    if let found = host.authority, answered.insert(.authority).inserted {
      template.ca = path(found.value)
      note("etcd.ca", template.ca, found.source)
    }
    if let found = host.client, !hasCertificate {
      template.certificate = path(found.value.certificate)
      template.key = path(found.value.key)
      note("etcd.certificate", template.certificate, found.source)
    }
    if let found = host.apiserver, answered.insert(.apiserver).inserted {
      template.apiservers = [found.value]
      note("kubernetes.apiserver", found.value, found.source)
    }
    if let found = host.etcdPrefix, template.etcdPrefix == nil, !template.apiservers.isEmpty,
      found.value != "/registry"
    {
      template.etcdPrefix = found.value
      note("kubernetes.prefix", found.value, found.source)
    }
    for found in host.administrators
    where !(template.administrators.map(\.user) + template.apiservers).contains(found.value.user) {
      template.administrators.append(.init(user: found.value.user, why: found.value.why))
      note("administrators", found.value.user, found.source)
    }
    remarks += host.remarks
  }

  private mutating func take(_ running: RunningEtcd, _ answered: inout Set<Question>) {
    let source = "etcd at \(running.askedAt)"
    if !running.versions.isEmpty {
      note("etcd", running.versions.joined(separator: ", "), "asked at \(running.askedAt)")
    }
    note("authentication", running.isAuthEnabled ? "on" : "off", "asked at \(running.askedAt)")
    if !running.endpoints.isEmpty, answered.insert(.endpoints).inserted {
      template.endpoints = running.endpoints
      note("etcd.endpoints", running.endpoints.joined(separator: ","), "the member list of \(source)")
    }
    if !running.membersWithoutURL.isEmpty {
      remarks.append(
        "no endpoint is listed for \(running.membersWithoutURL.joined(separator: ", ")): it advertises no https URL "
          + "that other hosts can reach")
    }
    if running.isAuthEnabled {
      remarks.append(
        "authentication is on already: 'bulkhead init --from-cluster' describes the users and roles")
    }
  }

  /// Without an answer of etcd: what kube-apiserver uses, then what the member advertises, then what Calico uses.
  private mutating func take(
    endpointsOf manifest: ManifestFacts?, _ host: HostDiscovery?, _ answered: inout Set<Question>
  ) {
    let lists = host?.endpoints ?? []
    guard let found = lists.first ?? manifest?.endpoints, answered.insert(.endpoints).inserted else { return }
    template.endpoints = found.value
    note("etcd.endpoints", found.value.joined(separator: ","), found.source)
    for other in lists.dropFirst() where !Set(other.value).isSubset(of: found.value) {
      remarks.append(
        "\(other.source) has \(other.value.joined(separator: ",")): compare it with etcd.endpoints")
    }
  }

  private mutating func take(
    _ manifest: ManifestFacts, _ hasComponents: Bool, _ answered: inout Set<Question>
  ) {
    if let found = manifest.calico, answered.insert(.calico).inserted {
      template.calico = found.value
      note("calico.version", found.value, found.source)
    }
    if let found = manifest.components, !hasComponents {
      template.components = found.value
      note("components", found.value.joined(separator: ", "), found.source)
    }
    remarks += manifest.remarks
    if let found = manifest.endpoints, Set(found.value).isDisjoint(with: template.endpoints) {
      remarks.append(
        "\(found.source) is \(found.value.joined(separator: ",")): compare it with etcd.endpoints")
    }
  }

  /// Takes a person's answer.
  package mutating func take(_ template: FileTemplate, for question: Question) {
    self.template = template
    questions.removeAll { $0 == question }
  }
}
