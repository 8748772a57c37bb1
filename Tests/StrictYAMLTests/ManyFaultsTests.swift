import Testing

@testable import StrictYAML

@Suite struct ManyFaultsTests {
  private func faults(ofUnknownKeys count: Int) -> [Fault] {
    let text = YAMLText((0..<count).map { "endpoint\($0): x\n" }.joined())
    let error = #expect(throws: FileFaults.self) {
      try FileReader.read(text, file: "f") { reader, node -> Bool? in
        _ = reader.fields(node, of: "the file", known: ["endpoints"])
        return true
      }
    }
    return error?.faults ?? []
  }

  @Test func allFaultsAreReportedUpToAHundred() {
    #expect(faults(ofUnknownKeys: 100).map(\.line) == Array(1...100))
  }

  @Test func afterAHundredTheReaderStops() {
    let many = faults(ofUnknownKeys: 50_000)
    #expect(many.count == 101)
    #expect(many.last?.message == "the file has more faults than 100" && many.last?.line == 101)
  }
}
