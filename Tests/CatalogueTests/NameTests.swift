import Catalogue
import Testing

@Suite struct NameTests {
  @Test(arguments: ["n1", "n-1", "node.example.com", "0", "a.b--c", String(repeating: "a", count: 253)])
  func `a name that Calico accepts is accepted`(text: String) throws {
    #expect(try NodeName(text).text == text)
  }

  @Test(arguments: [
    "", "N1", "-n", "n-", "n_1", "a..b", ".a", "a.", "a/b", "ä", String(repeating: "a", count: 254),
  ])
  func `a name that Calico refuses is refused`(text: String) {
    #expect(throws: CatalogueError.self) { try NodeName(text) }
  }

  @Test func `a name in capitals is refused with the name in lower case`() throws {
    let error = try #require(throws: CatalogueError.self) { try NodeName("Worker-1") }
    #expect(error.hint?.contains("worker-1") == true)
  }

  @Test func `each dash is doubled inside the name of a workload endpoint`() throws {
    #expect(try NodeName("n-1").escaped == "n--1")
    #expect(try NodeName("a--b").escaped == "a----b")
    #expect(try NodeName("n1").escaped == "n1")
  }

  @Test(arguments: ["One", "", "a_b", "-a", String(repeating: "a", count: 47)])
  func `a region that is not a short DNS label is refused`(region: String) {
    #expect(throws: CatalogueError.self) { try installation(region: region) }
  }

  @Test(arguments: ["", "a/b", ".a", "a b"])
  func `a network name that CNI does not accept is refused`(network: String) {
    #expect(throws: CatalogueError.self) {
      try Installation(release: .newest, network: network)
    }
  }

  @Test(arguments: [
    ("v3.32.1", "v3.32"), ("3.20", "v3.20"), ("v3.33.0-0.dev", "v3.33"), ("v3.29.0+x", "v3.29"),
  ])
  func `each spelling of a release is parsed`(text: String, expected: String) throws {
    #expect(try CalicoRelease.known(text).description == expected)
  }

  @Test(arguments: [
    "", "v", "v3", "3.x", "v3.32.1.4", "v3.", "v3.-1", "vv3.32", "v3.32.", "latest",
    "v3.99999999999999999999",
  ])
  func `an invalid release is refused`(text: String) {
    #expect(CalicoRelease(text) == nil)
    #expect(throws: CatalogueError.self) { try CalicoRelease.known(text) }
  }

  @Test(arguments: [("v3.19.4", "v3.20"), ("v3.34", "v3.33"), ("v4.0", "v3.33"), ("v2.6", "v3.20")])
  func `a release outside the range is refused with the nearest known one`(text: String, nearest: String)
    throws
  {
    let error = try #require(throws: CatalogueError.self) { try CalicoRelease.known(text) }
    #expect(error.hint?.hasSuffix(nearest) == true)
    #expect(CalicoRelease(text)?.nearestKnown.description == nearest)
  }

  @Test func `releases are ordered by number and not by text`() throws {
    #expect(try CalicoRelease.known("v3.20") < .known("v3.31"))
    #expect(CalicoRelease(major: 3, minor: 9) < CalicoRelease(major: 3, minor: 20))
    #expect(CalicoRelease(major: 3, minor: 99) < CalicoRelease(major: 4, minor: 0))
  }
}
