import Certificates
import Foundation
import TestSupport
import Testing
import ThrowawayEtcd

/// `bulkhead authority` as users run it, called with curl, and stopped as service managers stop it.
@Suite(.serialized) struct AuthorityServerTests {
  private let folder: TemporaryFolder

  init() async throws {
    folder = try TemporaryFolder()
    let begun = try await bulkhead(
      "init", "--cluster", "test", "--endpoint", "https://127.0.0.1:2379", "--ca", "pki/ca.crt")
    try #require(begun.code == 0, "\(begun.error)")
    let file = folder.path + "/bulkhead.yaml"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    try text.replacing(
      /components: .*/,
      with: "isolation: node-user\nnodes: [node-1, node-2]\ncomponents: [calico-node, cni-plugin]"
    )
    .write(toFile: file, atomically: true, encoding: .utf8)
    try #require(await bulkhead("certs", "authority").code == 0)
  }

  private func bulkhead(_ arguments: String...) async throws -> Program.Outcome {
    let path = folder.path
    return try await aside { try Program.run(Program.path, arguments, in: path) }
  }

  private func shell(_ script: String) async throws -> Program.Outcome {
    let path = folder.path
    return try await aside { try Program.run("/bin/bash", ["-c", script], in: path) }
  }

  /// Starts a server and waits until it listens.
  private func serve() async throws -> (Process, url: String) {
    let (process, log) = try await start(
      [
        "authority", "serve", "--listen", "127.0.0.1:0", "--host", "127.0.0.1", "--audit", "audit.log",
        "--rate-per-client", "100000",
      ], until: /listening on 127\.0\.0\.1:\d+\n/)
    let port = try #require(log.firstMatch(of: /listening on 127\.0\.0\.1:(\d+)\n/)).1
    return (process, "https://127.0.0.1:\(port)")
  }

  /// Starts the program and waits until its standard error matches.
  /// - Parameter other: Where it runs; nil for the folder of the test.
  /// - Returns: The process, and what it has written to standard error.
  private func start(
    _ arguments: [String], in other: String? = nil, until expected: some RegexComponent
  ) async throws -> (Process, String) {
    let log = folder.path + "/serve-\(UUID().uuidString).log"
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: other ?? folder.path)
    process.standardInput = FileHandle.nullDevice
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.runHearingSignals()
    for _ in 0..<600 {
      let text = try String(contentsOfFile: log, encoding: .utf8)
      if text.firstMatch(of: expected) != nil { return (process, text) }
      try await Task.sleep(for: .milliseconds(100))
    }
    kill(process.processIdentifier, SIGKILL)
    Issue.record("it does not start: \(try String(contentsOfFile: log, encoding: .utf8))")
    throw CancellationError()
  }

  /// As the quick start makes the authority: it cannot sign the server's certificate.
  @Test func anAuthorityForClientsOnlyNeedsAnotherForTheServer() async throws {
    try FileManager.default.removeItem(atPath: folder.path + "/pki")
    #expect(try await bulkhead("certs", "authority", "--clients-only").code == 0)
    let refused = try await bulkhead("authority", "serve", "--host", "127.0.0.1", "--listen", "127.0.0.1:0")
    #expect(refused.code == 1 && refused.error.contains("signs for clients only"), "\(refused.all)")
    // The hint, to the letter.
    let commands = refused.error.matches(of: /'bulkhead ([^']+)'/).map {
      String($0.1).split(separator: " ").map(String.init)
    }
    try #require(commands.count == 3, "\(refused.error)")
    let path = folder.path
    for command in commands.prefix(2) {
      let outcome = try await aside { try Program.run(Program.path, command, in: path) }
      #expect(outcome.code == 0, "\(outcome.all)")
    }
    let (process, log) = try await start(
      commands[2] + ["--listen", "127.0.0.1:0"], until: /listening on 127\.0\.0\.1:\d+\n/)
    let port = try #require(log.firstMatch(of: /listening on 127\.0\.0\.1:(\d+)\n/)).1
    let asked = try await shell("curl -sS --cacert server-ca/ca.crt https://127.0.0.1:\(port)/v1/authority")
    #expect(asked.out.contains("BEGIN CERTIFICATE"), "\(asked.all)")
    #expect(try await end(process, by: SIGTERM) == 0)
    let socket = folder.path + "/signer.sock"
    let signer = try await bulkhead("authority", "sign", "--socket", socket, "--host", "127.0.0.1")
    #expect(signer.code == 1 && signer.error.contains("signs for clients only"), "\(signer.all)")
  }

  private func end(_ process: Process, by signal: Int32) async throws -> Int32 {
    kill(process.processIdentifier, signal)
    return try await aside {
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// Creates a request with openssl and sends it with curl, `count` times concurrently, each with its own
  /// token.
  private func storm(_ url: String, _ count: Int) async throws -> Program.Outcome {
    try await shell(
      """
      openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=calico-node.node-1 \\
        -keyout node.key 2>/dev/null | awk '{printf "%s\\\\n", $0}' >csr || exit 1
      printf '{"csr":"%s"}' "$(cat csr)" >body.json
      for i in $(seq \(count)); do
        curl -sS --cacert pki/ca.crt -H "Authorization: Bearer $(cat "$i.token")" -d @body.json \\
          -o "answer-$i" -w '%{http_code}\\n' \(url)/v1/enroll 2>/dev/null &
      done
      wait
      """)
  }

  /// Renews the certificate of ``storm(_:_:)`` as Documentation/authority.md shows it, with openssl and curl.
  private func renewal(_ url: String) async throws -> Program.Outcome {
    let page = try String(contentsOfFile: "\(Program.root)/Documentation/authority.md", encoding: .utf8)
    let commands = try #require(page.firstMatch(of: /```sh\n(# a renewal without the agent\n[^`]*)```/)).1
    return try await shell(
      """
      set -e
      sed 's/.*"certificate":"\\([^"]*\\)".*/\\1/; s/\\\\n/\\n/g' answer-1 >etcd-cert
      cp node.key etcd-key
      cp pki/ca.crt ca.crt
      curl() { command curl "$@" -w '%{http_code}\\n' -o renewed; }
      \(commands.replacing("https://authority.example.org:8443", with: url))
      grep -q 'BEGIN CERTIFICATE' renewed
      """)
  }

  private func makeTokens(_ count: Int) async throws {
    for number in 1...count {
      let made = try await bulkhead("authority", "token", "--node", "node-1", "--to", "\(number).token")
      try #require(made.code == 0, "\(made.error)")
    }
  }

  @Test func sigtermCompletesRequestsInFlight() async throws {
    try await makeTokens(8)
    let (server, url) = try await serve()
    async let answers = storm(url, 8)
    while (try? String(contentsOfFile: folder.path + "/audit.log", encoding: .utf8))?.isEmpty != false {
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try await end(server, by: SIGTERM) == 0)
    let codes = try await answers.out.split(separator: "\n")
    // Requests that had not arrived yet failed to connect; no response was cut off.
    #expect(Set(codes).isSubset(of: ["200", "000"]), "\(codes)")
    let issued = try Ledger(in: folder.path + "/pki").entries().filter { $0.purpose == .client }
    #expect(issued.count == codes.filter { $0 == "200" }.count)
  }

  @Test func killedAtAnyMomentItLosesNoRecordAndAcceptsNoTokenTwice() async throws {
    try await makeTokens(6)
    for round in 0..<4 {
      let (server, url) = try await serve()
      async let answers = storm(url, 6)
      try await Task.sleep(for: .milliseconds(30 + 25 * round))
      _ = try await end(server, by: SIGKILL)
      _ = try await answers
    }
    let (server, url) = try await serve()
    _ = try await storm(url, 6)
    #expect(try await end(server, by: SIGTERM) == 0)
    let ledger = try Ledger(in: folder.path + "/pki")
    let issued = try ledger.entries().filter { $0.purpose == .client }
    // Every token was offered until it was used: each gave one certificate, which is recorded.
    #expect(issued.count == 6)
    #expect(try ledger.tokens().map { $0.issued["calico-node.node-1"] } == [1, 1, 1, 1, 1, 1])
    let outcome = try await shell("cat answer-*; grep -rl bulkhead-join- pki audit.log serve-*.log")
    for serial in issued.map(\.serial) where outcome.out.contains(serial) { Issue.record("\(serial)") }
    #expect(!outcome.out.contains("ledger.sqlite") && !outcome.out.contains("audit.log"), "\(outcome.out)")
  }

  @Test(arguments: [
    "serve --signer s --host example.org", "serve --signer s --file x.yaml",
    "serve --signer s --passphrase-file p",
    "serve --host h --kubernetes-review https://10.96.0.1", "serve --host h --kubernetes-ca ca.crt",
    "serve --host h --connections-per-client 0", "sign",
    "sign --socket s --kubernetes-review https://10.96.0.1",
    "sign --socket s --kubernetes-keys https://10.96.0.1/openid/v1/jwks --kubernetes-issuer i",
    "audit audit.log", "audit --verify", "audit --verify --known beef audit.log",
    "audit --verify --start beef audit.log", "audit --verify --unchained -1 audit.log",
  ])
  func optionsWithoutEffectAreRefused(words: String) async throws {
    let path = folder.path
    let outcome = try await aside {
      try Program.run(Program.path, ["authority"] + words.split(separator: " ").map(String.init), in: path)
    }
    #expect(outcome.code == 64, "\(outcome.all)")
  }

  /// Two processes, the front in a folder without the authority.
  @Test func theFrontHasNeitherTheKeyNorTheLedger() async throws {
    try await makeTokens(1)
    let elsewhere = try TemporaryFolder()
    let socket = elsewhere.path + "/s"
    let (signer, _) = try await start(
      ["authority", "sign", "--socket", socket, "--host", "127.0.0.1", "--audit", "signer.log"],
      until: /taking orders at .*\n/)
    let (front, log) = try await start(
      ["authority", "serve", "--signer", socket, "--listen", "127.0.0.1:0", "--audit", "audit.log"],
      in: elsewhere.path, until: /listening on 127\.0\.0\.1:\d+\n/)
    let port = try #require(log.firstMatch(of: /listening on 127\.0\.0\.1:(\d+)\n/)).1
    #expect(try await storm("https://127.0.0.1:\(port)", 1).out == "200\n")
    let answer = try String(contentsOfFile: folder.path + "/answer-1", encoding: .utf8)
    #expect(answer.contains("BEGIN CERTIFICATE"))
    #expect(try await renewal("https://127.0.0.1:\(port)").out == "200\n")
    // Neither a core dump nor another process of the same user reads the memory (Linux, prctl(2), PR_SET_DUMPABLE);
    // without root's rights the limit for locked memory may be small.
    for process in [signer, front] {
      let limits = try String(contentsOfFile: "/proc/\(process.processIdentifier)/limits", encoding: .utf8)
      #expect(limits.firstMatch(of: #/Max core file size +0 +0 /#) != nil)
      let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
      if geteuid() == 0 { #expect(status.firstMatch(of: /VmLck:\s+[1-9]\d* kB/) != nil) }
    }
    let lines = try await bulkhead("authority", "audit", "--verify", elsewhere.path + "/audit.log")
    #expect(lines.code == 0, "\(lines.all)")
    let own = try await bulkhead("authority", "audit", "--verify", "signer.log")
    #expect(own.code == 0, "\(own.all)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: elsewhere.path).sorted() == ["audit.log", "s"])
    #expect(try await end(front, by: SIGTERM) == 0)
    #expect(try await end(signer, by: SIGTERM) == 0)
  }

  /// The log is renamed, and the server is told by a signal.
  @Test func theAuditLogIsOpenedAgainOnSIGHUP() async throws {
    try await makeTokens(2)
    let (process, url) = try await serve()
    #expect(try await storm(url, 1).out == "200\n")
    try FileManager.default.moveItem(atPath: folder.path + "/audit.log", toPath: folder.path + "/audit.log.1")
    kill(process.processIdentifier, SIGHUP)
    let path = folder.path + "/audit.log"
    for _ in 0..<600 where !FileManager.default.fileExists(atPath: path) {
      try await Task.sleep(for: .milliseconds(100))
    }
    #expect(try await storm(url, 2).out.split(separator: "\n").count == 2)
    #expect(try await end(process, by: SIGTERM) == 0)
    let verified = try await bulkhead(
      "authority", "audit", "--verify", "audit.log.1", "audit.log", "--output", "json")
    #expect(verified.code == 0, "\(verified.all)")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try text.replacing("\"refused\"", with: "\"renewed\"").write(
      toFile: path, atomically: true, encoding: .utf8)
    let broken = try await bulkhead("authority", "audit", "--verify", "audit.log.1", "audit.log")
    #expect(broken.code == 1)
    #expect(broken.out.contains("audit.log:"))
    #expect(try await bulkhead("authority", "audit", "audit.log").code == 64)
  }

  @Test func tokenFilesAreReadableByTheirOwnersOnlyAndOnlyTheyContainSecrets() async throws {
    let made = try await bulkhead(
      "authority", "token", "--all", "--ttl", "1d", "--uses", "2", "--to", "tokens")
    #expect(made.code == 0, "\(made.error)")
    let secret = try String(contentsOfFile: folder.path + "/tokens/node-1.token", encoding: .utf8)
    #expect(secret.wholeMatch(of: /bulkhead-join-[0-9a-f]{64}\n/) != nil)
    #expect(!made.all.contains("bulkhead-join-"))
    let modes = try await shell("stat -c %a tokens tokens/node-1.token tokens/node-2.token")
    #expect(modes.out == "700\n600\n600\n")
    let list = try await bulkhead("authority", "token", "list")
    #expect(list.out.split(separator: "\n").count == 3)
    #expect(!list.all.contains("bulkhead-join-"))
    let id = try #require(made.out.firstMatch(of: /join token ([0-9a-f]{12})/)?.1)
    #expect(try await bulkhead("authority", "token", "revoke", String(id)).code == 0)
    #expect(try await bulkhead("authority", "token", "list").out.split(separator: "\n").count == 3)
    #expect(try await bulkhead("authority", "token", "list", "--all").out.contains("revoked"))
    let shown = try await shell(
      "'\(Program.path)' authority token --node node-2 --to - >printed; stat -c %a printed")
    #expect(shown.out == "600\n", "\(shown.error)")
    for (arguments, code) in [
      (["--to", "x"], Int32(1)), (["--node", "node-9", "--to", "x"], 1), (["--node", "node-1"], 64),
      (["--node", "node-1", "--component", "root", "--to", "x"], 1),
      (["--component", "calico-node", "--to", "x"], 1),
      (["--node", "node-1", "--ttl", "soon", "--to", "x"], 64),
      (["--all", "--node", "node-1", "--to", "x"], 64),
      (["--node", "node-1", "--uses", "0", "--to", "x"], 64), (["revoke", "nonsense"], 1),
    ] {
      let path = folder.path
      let outcome = try await aside {
        try Program.run(Program.path, ["authority", "token"] + arguments, in: path)
      }
      #expect(outcome.code == code, "\(arguments): \(outcome.all)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/x"))
  }
}
