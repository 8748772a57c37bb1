import Foundation
import Testing

@testable import Arguments

@Suite struct CommandTreeTests {
  private func tree(_ arguments: String...) throws -> [String: Any] {
    let error = #expect(throws: (any Error).self) { _ = try Harbour.parseAsRoot(arguments) }
    let text = Ending(try #require(error), root: Harbour.self, width: 80).text
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let tree = try #require(object as? [String: Any])
    #expect(tree["serializationVersion"] as? Int == 0)
    return try #require(tree["command"] as? [String: Any])
  }

  @Test func itHasEveryCommand() throws {
    let root = try tree("--experimental-dump-help")
    #expect(root["commandName"] as? String == "harbour")
    #expect(root["abstract"] as? String == "Look after ships.")
    let commands = try #require(root["subcommands"] as? [[String: Any]])
    #expect(commands.map { $0["commandName"] as? String } == ["list", "ship", "help"])
    #expect(commands[1]["defaultSubcommand"] as? String == "enter")
    #expect(commands[0]["superCommands"] as? [String] == ["harbour"])
  }

  @Test func itHasEveryArgument() throws {
    let list = try tree("list", "--experimental-dump-help")
    let arguments = try #require(list["arguments"] as? [[String: Any]])
    #expect(
      arguments.map { $0["valueName"] as? String } == [
        "pier", "all", "quiet", "file", "tag", "form", "depth", "hours", "version", "help",
      ])
    let form = arguments[5]
    #expect(form["allValues"] as? [String] == ["text", "json"])
    #expect(form["defaultValue"] as? String == "text")
    #expect(form["kind"] as? String == "option")
    #expect(arguments[6]["sectionTitle"] as? String == "Tides")
    #expect(arguments[4]["isRepeating"] as? Bool == true)
    #expect(arguments[0]["kind"] as? String == "positional")
    #expect((arguments[3]["names"] as? [[String: String]])?.first == ["kind": "short", "name": "f"])
  }
}
