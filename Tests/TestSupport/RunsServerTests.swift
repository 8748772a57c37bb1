import Foundation

/// Whether tests that start servers run: `make check` sets `BULKHEAD_TESTS=without-servers` and leaves them out.
package let runsServerTests = ProcessInfo.processInfo.environment["BULKHEAD_TESTS"] != "without-servers"
