import Agent
import AgentFile
import Catalogue
import Foundation
import NodeDelivery
import Segmentation
import Testing
import YAML

extension CalicoRelease {
  static let calico332 = CalicoRelease(major: 3, minor: 32)
}

/// Names of users that would be something else if they were written as they are.
@Suite struct HostileNameTests {
  private static let names = [
    "../../../../../escape", "..", ".hidden", "/etc/shadow", "a/../../b", "a\" # b", "a: b", "'q'", "- x",
    "${BULKHEAD_TOKEN}", "$${BULKHEAD_TOKEN}", "$(id)", "`id`", "x; touch pwned #", "%n%h", "{{ pwned }}",
    "{% if 1 %}", "a\\", "true", "0x10", "gr\u{fc}n", "-rf", "*", "a b", "!!binary x", "&a", "|",
  ]

  private static let environment = [
    "BULKHEAD_TOKEN": "stolen", "CREDENTIALS_DIRECTORY": "/run/credentials/x",
  ]

  private func delivered(
    _ name: String, _ form: HostBundle.Form
  ) throws -> (site: Site, files: [String: String]) {
    let escaped = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let (file, _, sites) = try segmentation(
      "components: []\ncustom:\n  - user: \"\(escaped)\"\n    grants: [{prefix: /x/, access: read}]")
    let site = try #require(sites.first)
    #expect(site.residents.map(\.identity.user) == [name])
    return (site, try bundle(form, file).texts(for: site))
  }

  @Test(arguments: names) func `no name leaves the folder of a bundle or of a host`(name: String) throws {
    for form in HostBundle.Form.allCases {
      let (site, files) = try delivered(name, form)
      for path in files.keys {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        #expect(parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }, "\(form): \(path)")
        #expect(path.allSatisfy { $0.isASCII && !$0.isWhitespace }, "\(form): \(path)")
      }
      guard let resident = site.residents.first else { continue }
      let folder = CredentialFolder(of: resident, in: "/etc/bulkhead", .init(release: .calico332)).path
      #expect(folder.hasPrefix("/etc/bulkhead/") && folder.split(separator: "/").count == 3, "\(folder)")
      #expect(!folder.hasSuffix("/..") && !folder.hasSuffix("/."))
      for owners in files.filter({ $0.key.hasSuffix("/FILES") }).values {
        for line in owners.split(separator: "\n") {
          #expect(line.split(separator: " ").count == 5, "\(line)")
          #expect(!line.split(separator: "/").contains(".."), "\(line)")
        }
      }
    }
  }

  @Test(arguments: names) func `the agent reads the name as it is, and asks for no variable`(name: String)
    throws
  {
    let (_, files) = try delivered(name, .systemd)
    let text = try #require(files.first { $0.key.contains("/etc/bulkhead/agent-") }?.value)
    let folder = try TemporaryFolder()
    try text.write(toFile: "\(folder.path)/agent.yaml", atomically: true, encoding: .utf8)
    let configuration = try AgentConfiguration(
      file: "\(folder.path)/agent.yaml", environment: Self.environment)
    #expect(configuration.deliveries.map(\.identity) == [name])
    let directory = try #require(configuration.deliveries.first?.directory)
    #expect(directory.hasPrefix("/etc/bulkhead/"), "\(directory)")
    #expect(!directory.split(separator: "/").contains(".."), "\(directory)")
  }

  @Test func `the Ansible role passes an identity that begins with a hyphen as a value`() throws {
    let tasks = try String(
      contentsOfFile: "\(root)/Sources/NodeDelivery/OnHosts/credential.yml", encoding: .utf8)
    #expect(tasks.contains("'--identity=' ~ bulkhead_credential.identity"))
    #expect(!tasks.contains("'--identity',"))
  }

  @Test(arguments: names) func `cloud-init and Ansible read the name as it is`(name: String) throws {
    let (_, systemd) = try delivered(name, .systemd)
    let (_, cloud) = try delivered(name, .cloudInit)
    var reader = try DocumentReader(try #require(cloud.values.first))
    let document = try #require(try reader.next()).root
    for file in try #require(document["write_files"]?.sequence) {
      let path = try #require(file["path"]?.string)
      #expect(systemd.contains { $0.key.hasSuffix(path) && $0.value == file["content"]?.string }, "\(path)")
    }
    let (_, ansible) = try delivered(name, .ansible)
    let host = try #require(ansible.first { $0.key.hasPrefix("host_vars/") }?.value)
    var variables = try DocumentReader(host)
    let root = try #require(try variables.next()).root
    let credential = try #require(root["bulkhead_credentials"]?.sequence?.first)
    #expect(credential["identity"]?.string == name)
  }
}
