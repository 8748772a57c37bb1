import Foundation
import Testing

/// `credential`, which makes keys on the hosts of the Ansible role.
@Suite(
  .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "openssl is not installed"))
struct CredentialScriptTests {
  private let folder: TemporaryFolder
  private static let script = "\(root)/Sources/NodeDelivery/OnHosts/credential"

  init() throws {
    folder = try TemporaryFolder()
    // Programs that the script calls, each of which may be the last one: the script is killed in its place.
    for program in ["mv", "ln", "chmod", "cat", "rm", "mkdir", "mktemp", "openssl"] {
      let real = try run("/bin/sh", ["-c", "command -v \(program)"]).output.trimmingCharacters(in: .newlines)
      try Self.write(
        """
        #!/bin/sh
        read -r calls <"$CALLS"; calls=$((calls + 1)); echo "$calls" >"$CALLS"
        [ "$calls" != "$LAST" ] || kill -9 "$PPID"
        exec \(real) "$@"
        """, "\(folder.path)/bin/\(program)", mode: 0o755)
    }
    try sh(
      """
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -subj /CN=ca \
        -days 9 2>/dev/null
      mkdir host
      """)
  }

  private static func write(_ text: String, _ path: String, mode: Int) throws {
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
  }

  @discardableResult
  private func sh(_ lines: String) throws -> String {
    let result = try run("/bin/sh", ["-euc", lines], in: folder.path)
    guard result.code == 0 else { throw Failure(output: result.output) }
    return result.output
  }

  private struct Failure: Error { let output: String }

  /// Requests, signs and installs, as the role does.
  /// - Parameter last: The call of a program at which the script is killed; nil if it is not.
  private func renew(killedAt last: Int? = nil) throws {
    let shell = last.map { #"env PATH="$PWD/bin:$PATH" CALLS="$PWD/calls" LAST=\#($0) sh"# } ?? "sh"
    try sh(
      """
      echo 0 >calls
      \(shell) \(Self.script) request host CN n1 >csr || exit 0
      openssl x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 5 2>/dev/null >crt
      \(shell) \(Self.script) install host 0400 <crt || exit 0
      """)
  }

  private func due(_ attribute: String = "CN", _ name: String = "n1") throws -> String {
    try sh("sh \(Self.script) due host \(attribute) \(name) 60").trimmingCharacters(in: .newlines)
  }

  @Test func `it may be cut off at each command`() throws {
    try renew()
    #expect(try due() == "good")
    var last = 0
    var calls = 0
    repeat {
      last += 1
      let before = try sh("cat host/etcd-cert")
      try renew(killedAt: last)
      calls = try Int(sh("cat calls").trimmingCharacters(in: .newlines)) ?? 0
      // Key and certificate belong together, whichever they are.
      #expect(try due() == "good", "cut off at call \(last)")
      try renew()
      #expect(try due() == "good", "after it was cut off at call \(last)")
      #expect(try sh("cat host/etcd-cert") != before, "after it was cut off at call \(last)")
      let sets = try sh("ls -A host").split(separator: "\n").sorted()
      #expect(sets.count == 4 && sets[0].hasPrefix("..20") && sets[1] == "..data", "\(sets)")
      // Fewer calls: the script came to its end.
    } while calls >= last && last < 60
    #expect((12..<60).contains(last))
  }

  @Test func `a certificate without a Common Name is requested and known`() throws {
    try sh("sh \(Self.script) request host OU dhcp-agent-transport >csr")
    #expect(try sh("openssl req -in csr -noout -subject") == "subject=OU = dhcp-agent-transport\n")
    try sh(
      """
      openssl x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 5 2>/dev/null >crt
      sh \(Self.script) install host 0440 <crt
      """)
    #expect(try due("OU", "dhcp-agent-transport") == "good")
    #expect(try due("OU", "neutron-driver-transport") == "it is for another name")
    #expect(try due("CN", "dhcp-agent-transport") == "it is for another name")
    #expect(try sh("sh \(Self.script) show host") == sh("cat host/etcd-cert"))
  }

  /// Earlier releases gave the folder to the reader of the key, who could put anything into it.
  @Test(.enabled(if: geteuid() == 0, "only root can give files to others"))
  func `links of the folder's owner are not followed`() throws {
    try sh(
      """
      echo victim >victim; chmod 0600 victim
      mkdir host/.next host/..data_tmp host/..2020_old host/etcd-key
      ln -s "$PWD/victim" host/.next/etcd-key
      mkfifo host/.next/etcd-cert host/etcd-cert
      ln -s "$PWD/victim" host/etcd-ca
      ln -s "$PWD/bin" host/..link
      mkdir host/..data
      chown -hR 65534:65534 host
      """)
    let early = try run("/bin/sh", [Self.script, "request", "host", "CN", "n1"], in: folder.path)
    #expect(early.code == 1 && early.output.contains("credential prepare"), "\(early.output)")
    #expect(try sh("sh \(Self.script) prepare host") == "changed\n")
    #expect(try sh("sh \(Self.script) prepare host").isEmpty)
    #expect(try due() != "good")
    #expect(try run("/bin/sh", [Self.script, "show", "host"], in: folder.path).code == 1)
    try sh(
      """
      sh \(Self.script) request host CN n1 >csr
      openssl x509 -req -in csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 5 2>/dev/null >crt
      sh \(Self.script) install host 0400 65534 65534 <crt
      """)
    #expect(try due() == "good")
    #expect(try sh("cat victim; stat -c '%a %u' victim; ls bin | wc -l") == "victim\n600 0\n8\n")
    // The reader gets the key and nothing else.
    #expect(
      try sh("stat -L -c '%a %u' host host/..data host/etcd-cert host/etcd-key")
        == "755 0\n755 0\n644 0\n400 65534\n")
    #expect(try sh("ls -A host | wc -l") == "4\n")
  }

  @Test(.enabled(if: geteuid() == 0, "only root can give files to others"))
  func `a set of files that another user may change is replaced`() throws {
    try renew()
    try sh("chown -hR 65534 host/..2*")
    #expect(try sh("sh \(Self.script) prepare host").isEmpty)
    #expect(try due() == "users other than root may write its folder")
    try renew()
    #expect(try due() == "good")
  }

  @Test func `a link in place of the folder and an open folder above it are refused`() throws {
    try sh("mkdir open real; chmod 0777 open; ln -s real link")
    for name in ["open/host", "link"] {
      for work in ["prepare", "request"] {
        let refused = try run("/bin/sh", [Self.script, work, name, "CN", "n1"], in: folder.path)
        #expect(refused.code == 1, "\(work) \(name): \(refused.output)")
      }
    }
    #expect(try sh("ls -A open real") == "open:\n\nreal:\n")
    let out = try run(
      "/usr/bin/env", ["BULKHEAD_ROOT=\(folder.path)/real", "/bin/sh", Self.script, "prepare", "host"],
      in: folder.path)
    #expect(out.code == 1 && out.output.contains("leads out of"), "\(out.output)")
  }
}
