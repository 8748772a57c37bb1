import Catalogue

/// The features that a file may name.
package struct FeatureReport: TextReport, Sendable {
  let features: [String: String]
  private let order: [String]

  private enum CodingKeys: String, CodingKey { case features }

  package init(_ catalogue: Catalogue) {
    order = catalogue.features.map(\.name)
    features = Dictionary(catalogue.features.map { ($0.name, $0.meaning) }) { first, _ in first }
  }

  package func text(_ style: Style) -> String {
    Table(order.map { [Table.Cell($0, style.strong), Table.Cell(features[$0] ?? "")] }, indent: 0).lines
      .joined(separator: "\n")
  }
}
