import Glibc
import Testing

@testable import Arguments

@Suite struct HelpTests {
  @Test(arguments: [
    [], ["help"], ["--help"], ["-h"], ["help", "nonsense"], ["help", "--help"], ["--bogus", "-h"],
  ])
  func ofTheProgram(_ arguments: [String]) throws {
    let error = #expect(throws: (any Error).self) {
      var command = try Harbour.parseAsRoot(arguments)
      try command.run()
    }
    let ending = Ending(try #require(error), root: Harbour.self, width: 80)
    #expect(ending.code == .success)
    #expect(
      ending.text == """
        OVERVIEW: Look after ships.

        The first paragraph is so long that it does not fit into a line of eighty
        letters.

          harbour list

        USAGE: harbour <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          list                    List ships.
          ship                    Let ships in and out.

          See 'harbour help <subcommand>' for detailed help.
        """)
  }

  @Test(arguments: [
    ["list", "--help"], ["help", "list"], ["list", "-ah"], ["list", "--all", "--quiet", "-h"],
  ])
  func ofACommandWithAllKindsOfArguments(_ arguments: [String]) throws {
    let error = #expect(throws: (any Error).self) { _ = try Harbour.parseAsRoot(arguments) }
    #expect(
      Ending(try #require(error), root: Harbour.self, width: 80).text == """
        OVERVIEW: List ships.

        USAGE: harbour list [<pier>] [--all] [--quiet] [--file <file>] [--tag <tag> ...] [--form <form>] [--depth <depth>] [--hours <hours>]

        ARGUMENTS:
          <pier>                  A pier.

        TIDES:
          --depth <depth>         Metres.
          --hours <hours>         Hours. (default: 6)

        OPTIONS:
          -a, --all               Gone ones too.
          --quiet                 Say nothing.
          -f, --file <file>       A file. (default: harbour.yaml)
          --tag <tag>             A tag; may be repeated.
          --form <form>           How it is printed. (values: text, json; default: text)
          --version               Show the version.
          -h, --help              Show help information.

        """)
  }

  @Test func aDefaultSubcommandIsSaid() {
    #expect(
      Harbour.ending("ship", "--help")?.text.contains("\n  enter (default)         Let a ship in.\n") == true)
    #expect(
      Harbour.ending("ship", "-h")?.text.hasSuffix("See 'harbour help ship <subcommand>' for detailed help.")
        == true)
  }

  @Test func linesFitTheTerminal() {
    let text = Harbour.ending("list", "--help", width: 50)?.text ?? ""
    #expect(
      text.contains(
        "\n  --form <form>           How it is printed.\n                          (values: text, json;\n"))
    // Narrower than the column of texts: still all of it.
    #expect(
      Harbour.ending("--help", width: 5)?.text.contains("                          List ships.\n") == false)
    #expect(Harbour.ending("--help", width: 5)?.text.contains("List\n") == true)
  }

  @Test func aComplaintSaysUsageAndWhereToReadMore() {
    let ending = Harbour.ending("ship", "leave", "a")
    #expect(ending?.code == .wrongUsage)
    #expect(
      ending?.text == """
        Error: Missing expected argument '--pilot <pilot> ...'
        Help:  --pilot <pilot>  Who steers; may be repeated.
        Usage: harbour ship leave <names> ... --pilot <pilot> ... [--masts <masts>]
          See 'harbour ship leave --help' for more information.
        """)
  }

  @Test func manyOptionsAreNotToldOneByOne() {
    struct Many: ParsableCommand {
      static let configuration = CommandConfiguration(commandName: "many")
      @Argument() var file: String
      @Flag var a = false
      @Flag var b = false
      @Flag var c = false
      @Flag var d = false
      @Flag var e = false
      @Flag var f = false
      @Flag var g = false
      @Flag var h = false
      @Flag var i = false
      @Flag var j = false
      @Flag var k = false
      @Option() var needed: String
    }
    #expect(CommandPath(Many.self).usage == "many [<options>] <file> --needed <needed>")
  }

  @Test func ofHelpItself() {
    #expect(
      Harbour.ending("help", "help")?.text == """
        OVERVIEW: Show subcommand help information.

        USAGE: harbour help [<subcommands> ...]

        ARGUMENTS:
          <subcommands>

        OPTIONS:
          --version               Show the version.

        """)
  }

  @Test func theVersion() {
    for arguments in [["--version"], ["list", "--version"], ["ship", "--version"]] {
      do { _ = try Harbour.parseAsRoot(arguments) } catch {
        #expect(Ending(error, root: Harbour.self, width: 80).text == "1.2")
      }
    }
  }

  @Test func whatACommandThrows() {
    func ending(_ error: any Error) -> Ending { Ending(error, root: Harbour.self, width: 80) }
    #expect(ending(ExitCode(2)).code == ExitCode(2))
    #expect(ending(ExitCode(2)).text.isEmpty)
    #expect(ending(ValidationError("no")).text.hasPrefix("Error: no\nUsage: harbour <subcommand>\n"))
    #expect(ending(CleanExit.helpRequest(Harbour.List.self)).text.hasPrefix("OVERVIEW: List ships.\n"))
    struct Other: Error {}
    #expect(ending(Other()).code == ExitCode(1))
    #expect(Other() as any Error as? any CommandLineError == nil)
  }

  @Test func theProcessEndsWithTheCode() async {
    await #expect(processExitsWith: .exitCode(64), observing: [\.standardErrorContent]) {
      Harbour.exit(withError: ValidationError("no"))
    }
    await #expect(processExitsWith: .exitCode(0)) {
      Harbour.exit(withError: CleanExit.helpRequest(Harbour.self))
    }
    await #expect(processExitsWith: .exitCode(7)) { Harbour.exit(withError: ExitCode(7)) }
  }
}
