import Testing

@testable import Reporting

@Suite struct CompactTableTests {
  private func table(_ columns: Int) -> CompactTable {
    CompactTable(
      columns: (0..<columns).map { "component-\($0)" },
      groups: [
        (
          "Family",
          [("Tiers", "RW"), ("/calico/resources/v3/projectcalico.org/workloadendpoints/*", "-")].map {
            name, mark in
            CompactTable.Row(name: name, marks: (0..<columns).map { _ in Table.Cell(mark) })
          }
        )
      ])
  }

  @Test func withoutATerminalNamesAreWhole() {
    let lines = table(3).lines(.plain, width: nil)
    #expect(lines.count == 4)
    #expect(lines[0].hasSuffix("component-0  component-1  component-2"))
    #expect(lines[3].hasPrefix("/calico/resources/v3/projectcalico.org/workloadendpoints/*  -"))
  }

  @Test("no line is wider than the terminal, and each column is there once", arguments: [40, 60, 80, 132])
  func fits(_ width: Int) {
    let lines = table(30).lines(.plain, width: width)
    #expect(lines.allSatisfy { $0.count <= width }, "\(lines)")
    let text = lines.joined(separator: "\n")
    for column in 0..<30 { #expect(text.contains(" component-\(column)")) }
    let marks = lines.filter { $0.hasPrefix("Tiers") }.joined(separator: " ").split(separator: " ").filter {
      $0 == "RW"
    }
    #expect(marks.count == 30)
  }
}
