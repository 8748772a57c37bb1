import FoundationEssentials

/// What the server's `/metrics` serves, for the reference.
package enum AuthorityMetrics {
  package static func example(at moment: Date) -> String { ServerMetrics.example(at: moment) }
}
