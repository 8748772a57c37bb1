import CertificateSources
import Certificates
import Files
import Foundation
import Log
import StrictYAML
import Synchronization
import Testing

@testable import Agent

/// The folder of a node, a source and a clock. Removed after the test.
final class Node: Sendable {
  let folder = NSTemporaryDirectory() + "bulkhead-agent-" + UUID().uuidString
  let source: FakeSource
  let clock: Mutex<Date>

  init() throws {
    // Certificates contain whole seconds.
    let now = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
    clock = Mutex(now)
    source = FakeSource(
      try Authority.create(name: "clients", lifetime: .seconds(100 * 365 * 86_400), now: now))
    try Directory.create(folder)
    try write(
      "etcd-ca.crt", Authority.create(name: "etcd", lifetime: .seconds(86_400), now: now).certificatePEM)
    source.state.withLock { $0.now = now }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  var now: Date { clock.withLock { $0 } }

  func pass(_ seconds: TimeInterval) {
    clock.withLock { $0 += seconds }
    source.state.withLock { $0.now += seconds }
  }

  /// Sets only the node's clock.
  func setClock(_ now: Date) { clock.withLock { $0 = now } }

  func write(_ name: String, _ text: String) throws {
    try AtomicFile.write(Array(text.utf8), to: "\(folder)/\(name)", mode: 0o644)
  }

  func text(_ name: String) throws -> String { try FileContents.readText("\(folder)/\(name)") }

  /// A newly started agent.
  /// - Parameter others: Further certificates.
  func agent(
    _ more: String = "", etcdCA: Bool = true, directory: String = "out", others: [String] = []
  ) throws -> Agent {
    let others = others.map { ", {\($0)}" }.joined()
    let configuration = try AgentConfiguration(
      """
      apiVersion: bulkhead/v1
      kind: Agent
      source: {directory: {path: unused}}
      certificates: [{identity: felix, directory: \(directory)\(more.isEmpty ? "" : ", \(more)")}\(others)]
      \(etcdCA ? "etcdCA: etcd-ca.crt" : "")
      renewal: {share: 0.5, jitter: 0}

      """, file: "agent.yaml", folder: folder, environment: [:])
    return try Agent(
      configuration, source: source, log: .silent,
      clock: { self.now })
  }

  /// The current files, read like a client.
  func held(_ directory: String = "out") throws -> CertificateFacts {
    let credential = try Credential(
      certificatePEM: text("\(directory)/etcd-cert"), key: PrivateKey(pem: text("\(directory)/etcd-key")),
      source: directory)
    return credential.facts
  }

  func mode(_ name: String) throws -> mode_t { try FileContents.mode(of: "\(folder)/\(name)") }
}

/// Issues the requested certificate, or what the test sets.
final class FakeSource: CertificateSource {
  struct State: Sendable {
    var now = Date()
    var lifetime: TimeInterval = 86_400
    var error: SourceError?
    /// Replaces the requested one.
    var identity: String?
    var gives: Credential?
    var revisit: Duration?
    /// Identities whose requests are held back.
    var heldUp: Set<String> = []
    var etcdCA: String?
    var asked = 0
    var currents: [String?] = []
    var reasons: [RenewalReason?] = []
    var isReplaced = false
    var askedForAuthority = 0
  }

  let authority: Authority
  let state = Mutex(State())

  init(_ authority: Authority) { self.authority = authority }

  var name: String { "the fake" }
  var revisit: Duration? { state.withLock(\.revisit) }
  var asked: Int { state.withLock(\.asked) }

  func certificate(for order: CertificateOrder) async throws -> SourcedCertificate {
    let state = state.withLock { state in
      state.asked += 1
      state.currents.append(order.current?.facts.fingerprint)
      state.reasons.append(order.reason)
      return state
    }
    while self.state.withLock({ $0.heldUp.contains(order.identity) }) {
      try await Task.sleep(for: .milliseconds(10))
    }
    if let error = state.error { throw error }
    let credential =
      try state.gives
      ?? authority.issue(
        client: state.identity ?? order.identity, lifetime: .seconds(Int(state.lifetime)), now: state.now)
    return SourcedCertificate(credential: credential, etcdCA: state.etcdCA)
  }

  func hasReplacedAuthority(of current: Credential) async throws -> Bool {
    try state.withLock { state in
      state.askedForAuthority += 1
      if let error = state.error { throw error }
      return state.isReplaced
    }
  }

  func fail(_ isTransient: Bool?) {
    state.withLock { $0.error = isTransient.map { SourceError("it is away", isTransient: $0) } }
  }
}

extension Agent {
  /// One check of the only certificate.
  mutating func lookOnce(isAsked: Bool = false) async throws -> AgentStanding {
    try #require(await look(isAsked: isAsked).standings.first)
  }
}
