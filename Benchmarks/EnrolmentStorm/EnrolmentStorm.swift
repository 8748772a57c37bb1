import Certificates
import Cryptography
import Enrolment
import Foundation
import HTTP

/// Many nodes that enrol at once: `enrolment-storm URL CA TOKENS COMPONENTS NODES AT-ONCE`, with the folder that
/// `bulkhead authority token --all` has filled. Each node has a connection of its own and asks for each of its
/// components. Their keys and requests are made before the clock starts: nodes make them on processors of their own.
@main
enum EnrolmentStorm {
  struct Ask: Sendable {
    let token: String
    let body: [UInt8]
  }

  struct Outcome: Sendable {
    let status: Int
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
        let csr = try Certificates.CertificateRequest.make(
          for: "\(component).\(name)", key: Certificates.PrivateKey.generate())
        return Ask(
          token: token.trimmingCharacters(in: .newlines),
          body: Array(try JSONEncoder().encode(EnrolmentRequest(csr: csr))))
      }
    }
    let authorities = try Certificate.all(pem: Array(Data(contentsOf: URL(fileURLWithPath: words[2]))))
    let tls = try TLSContext.client(trusting: .authorities(authorities), protocols: ["http/1.1"])
    guard let address = WebAddress(words[1] + EnrolmentRequest.path) else {
      print("the URL cannot be read")
      exit(64)
    }
    let start = ContinuousClock.now
    let outcomes = try await storm(asks, atOnce: atOnce, to: address, tls)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
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

  /// Each of so many at once takes one node after the other, with a connection for each.
  nonisolated private static func storm(
    _ asks: [[Ask]], atOnce: Int, to address: WebAddress, _ tls: TLSContext
  ) async throws -> [Outcome] {
    try await withThrowingTaskGroup(of: [Outcome].self) { group in
      for first in 0..<min(atOnce, asks.count) {
        group.addTask {
          var outcomes: [Outcome] = []
          for node in stride(from: first, to: asks.count, by: atOnce) {
            // The first request's time is that of the connection too.
            var begin = ContinuousClock.now
            let connection = try await ClientConnection.connect(
              to: address, tls: tls, connectLimit: .seconds(120))
            for ask in asks[node] {
              let answer = try await connection.send(
                .post, address.target, fields: ["Authorization": "Bearer \(ask.token)"],
                body: .bytes(ask.body), limit: .seconds(120))
              let end = ContinuousClock.now
              outcomes.append(
                Outcome(status: answer.status.code, milliseconds: (end - begin) / .milliseconds(1)))
              begin = end
            }
            connection.close()
          }
          return outcomes
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
  }
}
