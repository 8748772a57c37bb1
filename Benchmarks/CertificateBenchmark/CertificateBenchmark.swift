import Certificates
import Cryptography
import Dispatch
import Foundation
import Synchronization

/// Certificates a second, beside what the crypto library's key generation and signing alone allow in the same run:
///   certificate-benchmark COUNT FOLDER
/// Each figure is for COUNT certificates; FOLDER takes the ledgers. tools/bench-certificates runs it beside openssl and
/// cfssl.
@main struct CertificateBenchmark {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let count = Int(arguments[1]), count > 0 else {
      FileHandle.standardError.write(Data("usage: certificate-benchmark COUNT FOLDER\n".utf8))
      exit(64)
    }
    let folder = arguments[2]
    let message = [UInt8](repeating: 7, count: 400)

    report("library: P-256 key and signature, one core", count) {
      for _ in 0..<count { _ = try Cryptography.PrivateKey.generate(.p256).sign(message) }
    }
    report("library: the same, all cores", count) {
      let failures = Atomic(0)
      DispatchQueue.concurrentPerform(iterations: count) { _ in
        do {
          _ = try Cryptography.PrivateKey.generate(.p256).sign(message)
        } catch {
          failures.add(1, ordering: .relaxed)
        }
      }
      if failures.load(ordering: .relaxed) > 0 { throw Failed() }
    }
    let lonely = try issuer(in: "\(folder)/alone", isRecording: false)
    report("bulkhead: key, certificate and PEM, one core", count) {
      for index in 0..<count {
        let request = (holder: CertificateHolder(client: "calico-node.node-\(index)"), file: "")
        for credential in try lonely.issue([request]) {
          _ = (credential.certificatePEM, try credential.key.secretPEM())
        }
      }
    }
    for batch in [1, 64, 1024] {
      let issuer = try issuer(in: "\(folder)/batch-\(batch)")
      report("bulkhead: key, certificate, PEM and ledger, \(batch) at a time", count) {
        for start in stride(from: 0, to: count, by: batch) {
          let requests = (start..<min(start + batch, count)).map { index in
            (holder: CertificateHolder(client: "calico-node.node-\(index)"), file: "\(folder)/\(index).crt")
          }
          for credential in try issuer.issue(requests) {
            _ = (credential.certificatePEM, try credential.key.secretPEM())
          }
        }
      }
    }
  }

  private struct Failed: Error {}

  private static func issuer(in folder: String, isRecording: Bool = true) throws -> Issuer {
    let now = Date()
    let authority = try Authority.create(name: "benchmark", lifetime: .seconds(86_400), now: now)
    try authority.save(to: folder)
    return Issuer(
      authority, ledger: isRecording ? try Ledger(in: folder) : nil, lifetime: .seconds(3600), now: now)
  }

  private static func report(_ name: String, _ count: Int, _ body: () throws -> Void) {
    do {
      let time = try ContinuousClock().measure(body)
      let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
      print("\(name): \(Int(Double(count) / seconds)) a second")
    } catch {
      print("\(name): failed, \(error)")
    }
  }
}
