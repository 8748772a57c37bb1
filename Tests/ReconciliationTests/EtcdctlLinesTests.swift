import Etcd
import Keyspace
import Segmentation
import TestClusters
import Testing

@testable import Reconciliation

@Suite("The etcdctl lines of a plan", .realEtcd, .timeLimit(.minutes(30)))
struct EtcdctlLinesTests {
  static let odd = Segmentation.of([
    (
      "odd 'user' $HOME",
      [
        Grant(.everything, .read), Grant(.prefix("/it's a \"key\" $x `y` \\ z"), .readwrite),
        Grant(.key(Key([0x2f, 0xff, 0xfe])), .read), Grant(.prefix(Key([0x2f, 0xff])), .write),
        Grant(.key("/päth/ключ\n\t"), .read),
        Grant(KeyRange(from: "/b'", to: Key([0x2f, 0x63, 0x80])), .read),
        Grant(KeyRange(from: "/open", to: nil), .write), Grant(.prefix(Key([0xff])), .read),
        Grant(.key("--help"), .read), Grant(.prefix("-x"), .read), Grant(.key("#no comment"), .read),
      ]
    ), ("-dash", [Grant(.key("~"), .readwrite)]), ("plain", [Grant(.prefix("/calico/"), .readwrite)]),
  ])

  @Test("make all changes of the plan on a new cluster", arguments: EtcdRelease.main)
  func build(release: EtcdRelease) async throws {
    try await TestCluster.with(release) { cluster in
      for segmentation in [Segmentation.sample, Self.odd] {
        let plan = try await cluster.plan(segmentation)
        #expect(!plan.isEmpty)
        try await cluster.bash(plan.changes.map(\.etcdctl))
        #expect(try await cluster.plan(segmentation).changes.map(\.words) == [])
      }
      // The lines that remove access work too.
      let none = Segmentation.of(
        (Segmentation.sample.roles + Self.odd.roles).map { ($0.name, [Grant(.key("/only"), .read)]) })
      let removals = try await cluster.plan(none)
      #expect(removals.removals.count > 10)
      try await cluster.bash(removals.changes.map(\.etcdctl))
      #expect(try await cluster.plan(none).changes.map(\.words) == [])
    }
  }

  @Test("a key with a zero byte cannot be written as a line and becomes a comment")
  func zeroBytes() {
    let key = Key([0x2f, 0, 0x0a])
    let line = Change.grant(Permission(.read, .key(key)), toRole: "a").etcdctl
    #expect(
      line
        == #"# an argument cannot hold a zero byte: etcdctl role grant-permission a read /\x00\x0a"#)
    #expect(
      Change.revoke(Permission(.read, .everything), fromRole: "a").etcdctl
        == "etcdctl role revoke-permission a '' --prefix")
  }
}
