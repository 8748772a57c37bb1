import Files
import Foundation
import Glibc
import Testing

@testable import Agent

@Suite struct FullDiskTests {
  /// What was had and could not be written is not asked for a second time: a full disk must not become a storm at the
  /// source.
  @Test(.enabled(if: geteuid() == 0, "only root may mount"))
  func aCertificateIsKeptUntilThereIsSpace() async throws {
    let node = try Node()
    let disk = node.folder + "/disk"
    try Directory.create(disk)
    guard mount("tmpfs", disk, "tmpfs", 0, "size=64k") == 0 else { return }
    defer { umount2(disk, Int32(MNT_DETACH)) }
    var agent = try node.agent(directory: "disk/out")
    _ = try await agent.lookOnce()
    let first = try node.held("disk/out").fingerprint
    try fill(disk)
    node.pass(50_000)
    for _ in 0..<5 {
      let standing = try await agent.lookOnce(isAsked: true)
      #expect(standing.state == .due)
      #expect(standing.fault?.contains("no space is left") == true)
      #expect(try node.held("disk/out").fingerprint == first)
    }
    #expect(node.source.asked == 2)
    #expect(unlink(disk + "/ballast") == 0)
    #expect(try await agent.lookOnce(isAsked: true).renewed == "due")
    #expect(try node.held("disk/out").fingerprint != first)
    #expect(node.source.asked == 2)
  }

  private func fill(_ path: String) throws {
    let descriptor = open(path + "/ballast", O_WRONLY | O_CREAT, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let page = [UInt8](repeating: 0, count: 4_096)
    while write(descriptor, page, page.count) > 0 {}
  }
}
