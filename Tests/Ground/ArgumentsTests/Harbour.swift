import Testing

@testable import Arguments

/// A program with one of everything, for the tests.
struct Harbour: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "harbour", abstract: "Look after ships.",
    discussion:
      "The first paragraph is so long that it does not fit into a line of eighty letters.\n\n  harbour list",
    version: "1.2", subcommands: [List.self, Ship.self])

  enum Form: String, ExpressibleByArgument, CaseIterable { case text, json }

  struct FormOption: ParsableArguments {
    @Option(help: "How it is printed.") var form = Form.text
  }

  struct DepthOptions: ParsableArguments {
    @Option(help: "Metres.") var depth: Double?
    @Option(help: "Hours.") var hours = 6

    func validate() throws {
      guard hours > 0 else { throw ValidationError("--hours takes more than 0") }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List ships.")

    @Argument(help: "A pier.") var pier: String?
    @Flag(name: [.short, .long], help: "Gone ones too.") var all = false
    @Flag(name: .customLong("quiet"), help: "Say nothing.") var saysNothing = false
    @Option(name: [.short, .long], help: "A file.") var file = "harbour.yaml"
    @Option(name: .customLong("tag"), help: "A tag; may be repeated.") var tags: [String] = []
    @OptionGroup var formOption: FormOption
    @OptionGroup(title: "Tides") var depthOptions: DepthOptions

    func validate() throws {
      if all, saysNothing { throw ValidationError("--all and --quiet exclude each other") }
    }
  }

  struct Ship: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ship", abstract: "Let ships in and out.", subcommands: [Enter.self, Leave.self],
      defaultSubcommand: Enter.self)
  }

  struct Enter: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "enter", abstract: "Let a ship in.")

    @Option(help: ArgumentHelp("Its length.", valueName: "metres")) var length: Int
    @Argument(help: "Text or JSON.") var form = Form.json
  }

  struct Leave: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "leave", abstract: "Let ships out.")

    @Argument(help: "Their names.") var names: [String]
    @Option(help: "Who steers; may be repeated.") var pilot: [String]
    @Option var masts = 3
  }

  /// How the program ends for this command line, where it does not come to a command's work.
  static func ending(_ arguments: String..., width: Int = 80) -> Ending? {
    do {
      _ = try parseAsRoot(arguments)
      return nil
    } catch {
      return Ending(error, root: self, width: width)
    }
  }

  /// The first line of the complaint about this command line; nil if there is no complaint.
  static func complaint(_ arguments: [String]) -> String? {
    do {
      _ = try parseAsRoot(arguments)
      return nil
    } catch {
      let ending = Ending(error, root: self, width: 80)
      return ending.code == .wrongUsage ? String(ending.text.prefix { $0 != "\n" }) : nil
    }
  }

  static func parse<Command: ParsableCommand>(_ type: Command.Type, _ arguments: String...) throws -> Command
  {
    try #require(try parseAsRoot(arguments) as? Command)
  }
}
