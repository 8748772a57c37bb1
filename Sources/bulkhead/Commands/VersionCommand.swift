import Arguments
import Catalogue
import Cryptography
import Database
import GRPC
import Release
import Reporting
import Terminal
import Verification
import YAML

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Show the release, its commit, its libraries, and how old its knowledge is.",
    discussion: """
      The libraries are those that the process uses, so their security updates show here. Advisories: a newer list of \
      etcd's vulnerabilities can be given to 'verify' and 'preflight' with --advisories.
      """)

  @OptionGroup var outputOption: OutputOption

  func run() throws {
    let note = BuildNote.current
    let report = VersionReport(
      version: Version.current, commit: note.commit, toolchain: note.toolchain, linked: note.libraries,
      libraries: [
        .init("OpenSSL", OpenSSL.version), .init("nghttp2", Nghttp2.version),
        .init("libyaml", Libyaml.version),
        .init("SQLite", SQLite.version),
      ],
      calico: "\(CalicoRelease.known.lowerBound) to \(CalicoRelease.newest)",
      catalogueKnownOn: Catalogue.knownOn,
      advisoriesKnownOn: try AdvisoryList.embedded().knownOn)
    try Console.out(report, outputOption)
  }
}
