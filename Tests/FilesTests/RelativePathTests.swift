import Files
import Testing

@Suite struct RelativePathTests {
  @Test(arguments: [("a", "/f", "/f/a"), ("/a", "/f", "/a"), ("../a", ".", "./../a")])
  func aPathRelativeToAFolder(path: String, folder: String, result: String) {
    #expect(path.relative(to: folder) == result)
  }

  @Test(arguments: [("a", "."), ("/a", "/"), ("/a/b", "/a"), ("a/b/c", "a/b")])
  func theFolderOfAFile(path: String, folder: String) { #expect(path.containingFolder == folder) }
}
