import Testing

@testable import Arguments

@Suite struct ParsingTests {
  @Test func whatIsNotGivenHasItsDefault() throws {
    let list = try Harbour.parse(Harbour.List.self, "list")
    #expect(list.pier == nil)
    #expect(!list.all && !list.saysNothing)
    #expect(list.file == "harbour.yaml")
    #expect(list.tags.isEmpty)
    #expect(list.formOption.form == .text)
    #expect(list.depthOptions.depth == nil && list.depthOptions.hours == 6)
  }

  @Test func everythingGiven() throws {
    let list = try Harbour.parse(
      Harbour.List.self, "list", "--tag", "a", "-af", "x", "north", "--form=json", "--depth", "2.5",
      "--tag=b=c",
      "--hours", "7")
    #expect(list.pier == "north")
    #expect(list.all)
    #expect(list.file == "x")
    #expect(list.tags == ["a", "b=c"])
    #expect(list.formOption.form == .json)
    #expect(list.depthOptions.depth == 2.5 && list.depthOptions.hours == 7)
  }

  @Test(arguments: [["-f", "x"], ["-f=x"], ["--file", "x"], ["--file=x"], ["-af", "x"]])
  func aValueFollowsOrIsAttached(_ arguments: [String]) throws {
    let list = try #require(try Harbour.parseAsRoot(["list"] + arguments) as? Harbour.List)
    #expect(list.file == "x")
  }

  @Test func whatFollowsTwoDashesIsNoOption() throws {
    #expect(try Harbour.parse(Harbour.List.self, "list", "--", "--all").pier == "--all")
    #expect(
      try Harbour.parse(Harbour.Leave.self, "ship", "leave", "--pilot", "p", "--", "-x", "--").names == [
        "-x", "--",
      ])
  }

  @Test func theDefaultSubcommandNeedsNoName() throws {
    #expect(try Harbour.parse(Harbour.Enter.self, "ship", "--length", "7").length == 7)
    let enter = try Harbour.parse(Harbour.Enter.self, "ship", "enter", "text", "--length=-7")
    #expect(enter.length == -7 && enter.form == .text)
  }

  @Test func copiesShareWhatWasParsedAndNotWhatIsSet() throws {
    var list = try Harbour.parse(Harbour.List.self, "list", "north")
    let copy = list
    list.pier = "south"
    #expect(copy.pier == "north" && list.pier == "south")
    #expect(try Harbour.parse(Harbour.List.self, "list").pier == nil)
  }

  @Test(arguments: [
    (["lisst"], "Error: Unknown command 'lisst'. Did you mean 'list'?"),
    (["list", "a", "b"], "Error: Unexpected argument 'b'"),
    (["list", "a", "b", "c"], "Error: 2 unexpected arguments: 'b', 'c'"),
    (["--all", "list"], "Error: Unknown option '--all'"),
    (["list", "--al"], "Error: Unknown option '--al'. Did you mean '--all'?"),
    (["list", "--bogus-name"], "Error: Unknown option '--bogus-name'"),
    (["list", "-x"], "Error: Unknown option '-x'"),
    (["list", "-xy"], "Error: Unknown option '-xy'"),
    (["list", "-ax"], "Error: Unknown option '-x'"),
    (["list", "--file"], "Error: Missing value for '--file <file>'"),
    (["list", "--file", "--all"], "Error: Missing value for '--file <file>'"),
    (["list", "--file="], "Error: Missing value for '--file <file>'"),
    (["list", "--file=", "x"], "Error: Missing value for '--file <file>'"),
    (["list", "-f", "--", "x"], "Error: Missing value for '-f <file>'"),
    (["list", "--hours", "-1"], "Error: Missing value for '--hours <hours>'"),
    (["list", "--all=yes"], "Error: The option '--all' does not take any value, but 'yes' was specified."),
    (
      ["list", "--form", "xml"],
      "Error: The value 'xml' is invalid for '--form <form>'. Please provide one of 'text' and 'json'."
    ),
    (["list", "--hours", "six"], "Error: The value 'six' is invalid for '--hours <hours>'"),
    (
      ["list", "--hours", "99999999999999999999"],
      "Error: The value '99999999999999999999' is invalid for '--hours <hours>'"
    ),
    (["list", "--hours=0"], "Error: --hours takes more than 0"),
    (["list", "--all", "--quiet"], "Error: --all and --quiet exclude each other"),
    (["ship"], "Error: Missing expected argument '--length <metres>'"),
    (["ship", "leave", "a"], "Error: Missing expected argument '--pilot <pilot> ...'"),
    (["ship", "leave", "--pilot", "a"], "Error: Missing expected argument '<names> ...'"),
    (
      ["ship", "--length", "1", "xml"],
      "Error: The value 'xml' is invalid for '<form>'. Please provide one of 'text' and 'json'."
    ),
    (["list", "---all"], "Error: Invalid option: ---all"),
    (["list", "-=x"], "Error: Invalid option: -=x"),
    (["list", "--=x"], "Error: Unknown option '--'. Did you mean '--all'?"),
    (["--generate-completion-script", "tcsh"], "Error: Can't generate completion scripts for 'tcsh'."),
    // An option that takes one value refuses a second, and says which two there were.
    (
      ["list", "-f", "a", "--file", "b"],
      "Error: The option '--file <file>' takes one value, but 'a' and 'b' were specified."
    ),
    (
      ["list", "--depth=1", "--depth=1"],
      "Error: The option '--depth <depth>' takes one value, but '1' and '1' were specified."
    ),
  ])
  func wrongUsageIsTold(_ arguments: [String], _ complaint: String) {
    #expect(Harbour.complaint(arguments) == complaint)
  }

  @Test(arguments: [
    [""], ["list", ""], ["list", "-"], ["list", "--", "--"], ["list", "--tag", ""], ["list", "--file", "-"],
    ["list", "--all", "--all", "-a"], ["list", "--tag", "🚢"],
    ["list", String(repeating: "x", count: 1 << 20)],
    ["list", "\u{FFFD}\u{0}"], ["list"] + (0..<20_000).flatMap { ["--tag", "\($0)"] },
  ])
  func hostileWordsAreWordsLikeOthers(_ arguments: [String]) {
    #expect(Harbour.complaint(arguments) == (arguments == [""] ? "Error: Unknown command ''" : nil))
  }

  @Test func manyUnknownWordsAreToldInReasonableTime() {
    let words = (0..<20_000).map { _ in "-xyz" }
    #expect(Harbour.complaint(["list"] + words) == "Error: Unknown option '-xyz'")
  }

  @Test func wordsAreOfAnyLengthAndNearOnesAreFoundAnyway() {
    let word = "--" + String(repeating: "x", count: 20_000)
    #expect(Harbour.complaint(["list", word]) == "Error: Unknown option '\(word)'")
  }
}
