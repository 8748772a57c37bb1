import AsyncHTTPClient
import Certificates
import Enrolment
import Foundation
import NIOCore
import NIOSSL

/// Many nodes that enrol at once: `enrolment-storm URL CA TOKENS COMPONENTS NODES AT-ONCE`, with the folder that
/// `bulkhead authority token --all` has filled. Each node has a connection of its own and asks for each of its
/// components. Their keys and requests are made before the clock starts: nodes make them on processors of their own.
@main
enum EnrolmentStorm {
  struct Ask: Sendable {
    let token: String
    let body: [UInt8]
    let isLast: Bool
  }

  struct Outcome: Sendable {
    let status: UInt
    let milliseconds: Double
  }

  static func main() async throws {
    let words = CommandLine.arguments
    guard words.count == 7, let nodes = Int(words[5]), let atOnce = Int(words[6]) else {
      print("usage: enrolment-storm URL CA TOKENS COMPONENT,COMPONENT NODES AT-ONCE")
      exit(64)
    }
    let components = words[4].split(separator: ",")
    let asks = try (1...nodes).map { node in
      let name = "node-\(node)"
      let token = try String(contentsOfFile: "\(words[3])/\(name).token", encoding: .utf8)
      return try components.map { component in
        let csr = try CertificateRequest.make(for: "\(component).\(name)", key: PrivateKey.generate())
        return Ask(
          token: token.trimmingCharacters(in: .newlines),
          body: Array(try JSONEncoder().encode(EnrolmentRequest(csr: csr))),
          isLast: component == components.last)
      }
    }
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(words[2]))
    var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
    configuration.httpVersion = .http1Only
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = atOnce
    let client = HTTPClient(configuration: configuration)
    let start = ContinuousClock.now
    let outcomes = try await storm(asks, atOnce: atOnce, url: words[1], by: client)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try await client.shutdown()
    let sorted = outcomes.map(\.milliseconds).sorted()
    func quantile(_ share: Double) -> Int {
      Int(sorted[min(Int(Double(sorted.count) * share), sorted.count - 1)])
    }
    let statuses = Dictionary(grouping: outcomes, by: \.status).map { "\($1.count) x \($0)" }.sorted()
    print("enrolment: \(Int(Double(sorted.count) / seconds)) certificates a second")
    print(
      "\(nodes) nodes x \(components.count) components, \(atOnce) nodes at once, in \(Int(seconds)) s: latency \(quantile(0.5)) ms in the middle, \(quantile(0.99)) ms at 99 %; answers \(statuses.joined(separator: ", "))"
    )
  }

  /// Each of so many at once takes one node after the other.
  nonisolated private static func storm(
    _ asks: [[Ask]], atOnce: Int, url: String, by client: HTTPClient
  ) async throws -> [Outcome] {
    try await withThrowingTaskGroup(of: [Outcome].self) { group in
      for first in 0..<min(atOnce, asks.count) {
        group.addTask {
          var outcomes: [Outcome] = []
          for node in stride(from: first, to: asks.count, by: atOnce) {
            for ask in asks[node] {
              let begin = ContinuousClock.now
              let status = try await send(ask, to: url, by: client)
              outcomes.append(
                Outcome(status: status, milliseconds: (ContinuousClock.now - begin) / .milliseconds(1)))
            }
          }
          return outcomes
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }

  nonisolated private static func send(_ ask: Ask, to url: String, by client: HTTPClient) async throws -> UInt
  {
    var request = HTTPClientRequest(url: url + EnrolmentRequest.path)
    request.method = .POST
    request.headers.add(name: "Authorization", value: "Bearer \(ask.token)")
    if ask.isLast { request.headers.add(name: "Connection", value: "close") }
    request.body = .bytes(ByteBuffer(bytes: ask.body))
    let response = try await client.execute(request, timeout: .seconds(120))
    _ = try await response.body.collect(upTo: 1 << 20)
    return response.status.code
  }
}
