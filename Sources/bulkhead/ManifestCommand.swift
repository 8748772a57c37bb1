import ArgumentParser
import Files
import Foundation
import Glibc
import Manifests
import Reporting

struct ManifestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest",
    abstract: "Give each component in a hosted Calico manifest a Secret of its own.",
    discussion: """
      Reads a file or standard input, and writes to standard output or with --to to a file. Only the lines that wire \
      the certificates change; all others stay byte for byte. A layout that is not understood is refused, and nothing \
      is written.

      Where the Secrets go:
        --secrets inline   into the manifest (the default); private keys are never printed on a terminal
        --secrets FILE     into a file of their own, mode 0600
        --secrets none     nowhere: they exist already, or something else makes them. Needs no bulkhead.yaml

      What they are called:
        --secret-names hashed  name and hash, immutable: a renewed credential restarts the workloads (the default)
        --secret-names fixed   the name alone, and the hashes in an annotation of the pod templates
      With --secrets none names are fixed and not hashed, unless --secret-names asks for it.

        bulkhead manifest calico-etcd.yaml --secrets none --diff
        bulkhead manifest calico-etcd.yaml | kubectl apply --server-side -f -
      """)

  @Argument(help: "The manifest; '-' is standard input.") var manifest = "-"
  @Option(help: ArgumentHelp("Where the Secrets go: inline, none or a file.", valueName: "inline|none|FILE"))
  var secrets = "inline"
  @Option(help: ArgumentHelp("How Secrets are named: hashed or fixed.", valueName: "hashed|fixed"))
  var secretNames: SecretNames?
  @Option(help: "The file to write; one that holds private keys gets mode 0600.") var to: String?
  @Option(
    name: .customLong("component"),
    help: "What an unknown container is, as CONTAINER=COMPONENT; may be repeated.")
  var components: [String] = []
  @Flag(help: "Show what would change as a unified diff, without the Secrets' contents; write nothing.")
  var diff = false
  @Flag(help: "Write nothing; exit with 2 if something is left to do.") var check = false
  @OptionGroup var fileOption: FileOption

  enum SecretNames: String, ExpressibleByArgument, CaseIterable { case hashed, fixed }

  func run() async throws {
    let name = manifest == "-" ? "standard input" : manifest
    let segmented = try ManifestSegmenter(options: try options()).segment(try read(), file: name)
    for warning in segmented.warnings {
      Console.note("\(Console.errorStyle.caution("warning:")) \(warning)\nhint: \(warning.hint)")
    }
    if diff { Console.write(segmented.diff(), to: STDOUT_FILENO) }
    if !diff, !check { try write(segmented) }
    Console.note(
      segmented.isAlreadySegmented
        ? "\(name): already segmented, nothing to do"
        : "\(name): \(segmented.changedLines) lines changed, \(segmented.addedLines) added, Secrets apart")
    if check, !segmented.isAlreadySegmented { throw ExitCode(2) }
  }

  private func read() throws -> String {
    guard manifest == "-" else { return try FileContents.readText(manifest, limit: 64 << 20) }
    let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
    guard let text = String(bytes: bytes, encoding: .utf8) else {
      throw Complaint("standard input is not UTF-8 text", hint: "give it a Kubernetes manifest in YAML")
    }
    return text
  }

  private func options() throws -> ManifestOptions {
    var mapping: [String: String] = [:]
    for entry in components {
      let parts = entry.split(separator: "=", maxSplits: 1)
      guard parts.count == 2 else {
        throw ValidationError("--component takes CONTAINER=COMPONENT, found '\(entry)'")
      }
      mapping[String(parts[0])] = String(parts[1])
    }
    var options = ManifestOptions(
      secretNames: secretNames == .fixed ? .fixed : .hashed, components: mapping)
    guard try needsCredentials() else { return options }
    options.secrets = try Workspace(fileOption).componentSecrets()
    if !diff, !check, secrets != "none" { options.placement = secrets == "inline" ? .inline : .separate }
    return options
  }

  /// A diff and a check look at the wiring alone where there is no segmentation file.
  private func needsCredentials() throws -> Bool {
    if secretNames != nil { return true }
    if secrets == "none" { return false }
    return try !(diff || check) || FileContents.readIfPresent(fileOption.file) != nil
  }

  private func write(_ segmented: SegmentedManifest) throws {
    if secrets != "inline", secrets != "none" {
      try AtomicFile.write(Array(segmented.secrets.utf8), to: secrets, mode: 0o600)
      Console.note("\(secrets): the Secrets, mode 0600")
    }
    let holdsKeys = secrets == "inline" && !segmented.secrets.isEmpty
    if let to {
      try AtomicFile.write(Array(segmented.text.utf8), to: to, mode: holdsKeys ? 0o600 : 0o644)
    } else {
      if holdsKeys { try StandardOutput.keepPrivate() }
      Console.write(segmented.text, to: STDOUT_FILENO)
    }
  }
}

/// Standard output, when private keys are about to go there because the user asked for them.
private enum StandardOutput {
  /// A terminal is refused. A file that the shell has opened gets mode 0600 before the first byte: the shell made it
  /// readable to others.
  static func keepPrivate() throws {
    guard !Console.isTerminal(STDOUT_FILENO) else {
      throw Complaint(
        "the Secrets hold private keys, which are not printed on a terminal",
        hint:
          "use --to FILE, --secrets FILE or --secrets none, or pipe it into kubectl apply --server-side -f -")
    }
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    guard status.st_mode & 0o077 == 0 || fchmod(STDOUT_FILENO, 0o600) == 0 else {
      throw Complaint(
        "standard output is a file that others can read, and its mode cannot be changed",
        hint: "use --to FILE, which is written with mode 0600")
    }
  }
}
