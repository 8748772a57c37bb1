import Certificates
import TestDisks
import Testing

@testable import Agent

@Suite struct FullDiskTests {
  /// A certificate that could not be written is not requested again: a full disk must not cause many requests
  /// to the source.
  @Test(.enabled(if: SmallDisk.isPossible, "no disk can be mounted here"))
  func keepsTheCertificateInMemoryUntilTheDiskHasSpace() async throws {
    let node = try Node()
    try await SmallDisk.with(kilobytes: 64, at: node.folder + "/disk") { disk in
      var agent = try node.agent(directory: "disk/out")
      _ = try await agent.lookOnce()
      let first = try node.held("disk/out").fingerprint
      try disk.fill()
      node.pass(50_000)
      for _ in 0..<5 {
        let standing = try await agent.lookOnce(isAsked: true)
        #expect(standing.state == .due)
        #expect(standing.fault?.contains("no space is left") == true)
        #expect(try node.held("disk/out").fingerprint == first)
      }
      #expect(node.source.asked == 2)
      try disk.empty()
      #expect(try await agent.lookOnce(isAsked: true).renewed == "due")
      #expect(try node.held("disk/out").fingerprint != first)
      #expect(node.source.asked == 2)
    }
  }
}
