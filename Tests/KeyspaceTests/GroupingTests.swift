import Keyspace
import Testing

@Suite struct GroupingTests {
  @Test func groupsKeepTheOrderOfTheirFirstElements() {
    let groups = [3, 1, 4, 11, 13, 21].groupedInOrder { $0 % 10 }
    #expect(groups.map(\.key) == [3, 1, 4])
    #expect(groups.map(\.elements) == [[3, 13], [1, 11, 21], [4]])
    #expect([Int]().groupedInOrder { $0 }.isEmpty)
  }

  @Test func aRangeHasTheAccessOfAllItsGrants() {
    let grants = [
      Grant(.prefix("/b/"), .read), Grant(.key("/a"), .write), Grant(.prefix("/b/"), .write),
      Grant(.key("/a"), .write),
    ]
    #expect(grants.onePerRange == [Grant(.prefix("/b/"), .readwrite), Grant(.key("/a"), .write)])
  }
}
