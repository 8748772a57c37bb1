import FoundationEssentials
import Reconciliation
import Text

/// The people with access that ends.
package struct AccessListReport: TextReport, Sendable {
  struct Person: Encodable, Sendable {
    let user: String
    let roles: [String]
    let until: Date
    let isOver: Bool
    let by: String
    let since: Date
    let why: String?
  }

  let cluster: String
  let people: [Person]

  package init(_ access: [TemporaryAccess], cluster: String, now: Date) {
    self.cluster = cluster
    people = access.map { access in
      Person(
        user: access.user, roles: access.roles, until: access.until, isOver: access.isOver(at: now),
        by: "\(access.by.user) on \(access.by.host)", since: access.by.since, why: access.why)
    }
  }

  package func text(_ style: Style) -> String {
    guard !people.isEmpty else { return "\(visible(cluster)): no person has access that ends" }
    return people.map { person in
      let end =
        person.isOver
        ? style.bad("over since \(person.until.formatted(.iso8601))")
        : "until \(person.until.formatted(.iso8601))"
      return visible("\(person.user): \(person.roles.joined(separator: ", ")), ") + end
        + visible(
          ", given by \(person.by) at \(person.since.formatted(.iso8601))\(person.why.map { ": \($0)" } ?? "")"
        )
    }.joined(separator: "\n")
  }
}
