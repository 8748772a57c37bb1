import Catalogue
import Etcd
import Keyspace
import Segmentation
import TestClusters
import TestRecords
import Testing

@testable import Verification

/// The requests of real programs again, each as its user with that user's certificate, to an etcd with the roles of the
/// file.
@Suite(
  "requests that real programs sent, asked of etcd", .realEtcd, .timeLimit(.minutes(30)),
  .enabled(if: Records.arePresent, "../shared/truth is not there"))
struct RecordedRequestsOnEtcdTests {
  @Test("etcd allows what it allowed the program, and refuses the rest", arguments: Records.calico)
  func calico(_ name: String) async throws {
    let record = try Records.read(CalicoRecord.self, "calico/\(name)")
    let catalogue = try Catalogue.embedded()
    let segmentation = try Segmentation(
      SegmentationFile(record.file, file: name, catalogue: catalogue), catalogue: catalogue)
    let release = try #require(EtcdRelease.one.first)
    try await TestCluster.with(release) { cluster in
      try await cluster.segment(segmentation)
      for (user, requests) in Dictionary(grouping: record.requests, by: \.user).sorted(by: { $0.key < $1.key }
      ) {
        try await cluster.connect(as: user) { etcd in
          for request in requests {
            let kind = try #require(request.kind, "\(request)")
            let answer =
              kind == .read ? await etcd.mayRead(request.range) : await etcd.mayWrite(request.range)
            #expect(answer == (request.allowed == false ? .denied : .allowed), "\(request)")
          }
        }
      }
    }
  }
}
