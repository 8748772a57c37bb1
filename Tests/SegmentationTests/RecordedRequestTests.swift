import Catalogue
import TestRecords
import Testing

@testable import Segmentation

/// What real programs sent to etcd, as etcd noted it: Calico of several releases, kube-apiserver, flannel, Typha,
/// calicoctl, networking-calico. The records are not part of the project.
@Suite(
  "requests that real programs sent", .enabled(if: Records.arePresent, "../shared/truth is not there"))
struct RecordedRequestTests {
  /// kube-controllers reads the API server's compaction key once a second where COMPACTION_PERIOD is not "0", and
  /// works without the answer. `bulkhead manifest` sets it to "0".
  private static let refused: Set = ["kube-controllers compact_rev_key"]

  @Test(
    "Calico, kube-apiserver and flannel: each was allowed by etcd and is allowed by the file",
    arguments: Records.calico)
  func calico(_ name: String) throws {
    let record = try Records.read(CalicoRecord.self, "calico/\(name)")
    let segmentation = try Segmentation(try read(record.file), catalogue: catalogue())
    var refused: Set<String> = []
    for request in record.requests {
      let access = try #require(request.kind, "\(request)")
      let answer = try segmentation.can(request.user, access, request.range)
      if !answer.isAllowed { refused.insert("\(request.user) \(request.key)") }
      #expect(answer.isAllowed == request.allowed, "\(request)")
    }
    #expect(record.requests.count >= 200 && refused.isSubset(of: Self.refused))
  }

  @Test("networking-calico of six releases, with and without a region")
  func openstack() throws {
    let records = try Records.read([OpenStackRecord].self, "openstack-requests.json")
    #expect(records.count >= 14)
    for record in records {
      let segmentation = try Segmentation(try read(record.file), catalogue: catalogue())
      for request in record.requests {
        let access = try #require(request.kind, "\(request)")
        let answer = try segmentation.can(request.user, access, request.range)
        #expect(answer.isAllowed, "\(record.release) region '\(record.region)': \(request)")
      }
    }
  }
}
