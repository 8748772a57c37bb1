import ArgumentParser

struct CertsRollover: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "rollover", abstract: "x")
  func run() async throws {}
}
