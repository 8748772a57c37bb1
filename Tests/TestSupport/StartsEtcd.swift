import Foundation
import Testing

/// Whether tests that start etcd run: `make check` sets `BULKHEAD_TESTS=without-etcd` and leaves them out.
package let runsEtcdTests = ProcessInfo.processInfo.environment["BULKHEAD_TESTS"] != "without-etcd"

extension Trait where Self == ConditionTrait {
  /// Marks a suite or a test that starts etcd.
  package static var startsEtcd: Self { .enabled(if: runsEtcdTests, "starts etcd: make test runs it") }
}
