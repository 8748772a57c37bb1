import Catalogue
import Keyspace
import Testing

@testable import Segmentation

@Suite struct CustomRoleTests {
  /// A file with these lines, the first of which is line 10.
  private func file(_ lines: String) -> String {
    """
    apiVersion: bulkhead/v1
    kind: Segmentation
    cluster: test
    calico: {version: v3.32}
    etcd:
      endpoints: [https://10.0.0.11:2379]
      ca: a
      certificate: b
      key: c

    """ + lines
  }

  @Test func usersHaveSharedRolesAndTheirOwn() throws {
    let read = try read(
      file(
        """
        components: [calico-node]
        roles:
          - {role: shared, grants: [{from: /a, to: /c, access: read}, {from: /z, access: write}]}
          - {role: spare, grants: [{key: /spare, access: read}]}
        custom:
          - {user: one, roles: [shared, calico-node]}
          - {user: two, grants: [{prefix: /two/, access: readwrite}], roles: [shared]}
          - {user: three, roles: [two]}
        """))
    let segmentation = try Segmentation(read, catalogue: catalogue())
    #expect(
      segmentation[role: "shared"]?.grants.map(\.grant) == [
        Grant(KeyRange(from: "/a", to: "/c"), .read), Grant(KeyRange(from: "/z", to: nil), .write),
      ])
    #expect(segmentation[role: "spare"] != nil && segmentation[role: "one"] == nil)
    #expect(segmentation[identity: "one"]?.roles == ["shared", "calico-node"])
    #expect(segmentation[identity: "two"]?.roles == ["two", "shared"])
    #expect(segmentation[identity: "three"]?.roles == ["two"])
    #expect(segmentation.roles.map(\.name).sorted() == ["calico-node", "shared", "spare", "two"])
  }

  @Test(arguments: [
    ("roles: [{role: root, grants: [{key: /a, access: read}]}]", "the role 'root' is etcd's own"),
    (
      "components: [typha]\nroles: [{role: typha, grants: [{key: /a, access: read}]}]",
      "the name 'typha' belongs to a role of the catalogue"
    ),
    (
      "roles: [{role: a, grants: [{key: /a, access: read}]}, {role: a, grants: [{key: /b, access: read}]}]",
      "the role 'a' is already listed on line 10"
    ),
    (
      "custom: [{user: a, grants: [{key: /a, access: read}]}]\nroles: [{role: a, grants: [{key: /b, access: read}]}]",
      "the custom user 'a' already has a role of this name"
    ),
    ("custom: [{user: a, roles: [b]}]", "unknown role 'b' in the file"),
    ("custom: [{user: a, roles: [root]}]", "unknown role 'root' in the file"),
    (
      "custom: [{user: a, grants: [{key: /a, access: read}], roles: [a]}]", "the role 'a' is listed twice"
    ),
    ("custom: [{user: a}]", "an entry of 'custom' lacks the key 'grants'"),
    (
      "roles: [{role: a, grants: [{from: /b, to: /a, access: read}]}]",
      "'to' is not after 'from', so the range contains no key"
    ),
    ("roles: [{role: a, grants: [{key: /b, to: /c, access: read}]}]", "'to' belongs to 'from'"),
    (
      "roles: [{role: a, grants: [{key: /b, from: /a, access: read}]}]",
      "a grant has either 'key' or 'prefix'"
    ),
  ]) func whatCannotBeIsRefused(lines: String, message: String) throws {
    let found = try faults(file(lines))
    #expect(found.count == 1)
    #expect(found.first?.contains(message) == true, "\(found)")
  }

  @Test func aFileDescribedFromAClusterCanBeRead() throws {
    var template = FileTemplate()
    template.roles = .documented
    template.features = ["wireguard"]
    template.isolation = .nodeUser
    template.nodes = ["n1", "n2"]
    let ranges: [KeyRange] = [
      .everything, .key("/a*b"), .prefix("/a b/"), .prefix(Key([0xff])), KeyRange(from: "/a", to: "/c"),
      KeyRange(from: "12", to: nil), .key("no"),
    ]
    template.customRoles = [.init(role: "it's: shared", grants: ranges.map { Grant($0, .read) })]
    template.custom = [
      .init(user: "one", roles: ["it's: shared", "calico-node"]),
      .init(user: "two", grants: [Grant(.key("/x"), .readwrite)]),
    ]
    template.remarks = ["two\nlines", "bulkhead: yes"]
    let file = try read(template.text)
    #expect(file.calico.roles == .documented && file.calico.features == ["wireguard"])
    #expect(file.isolation == .nodeUser && file.nodes.map(\.text) == ["n1", "n2"])
    #expect(file.customRoles == template.customRoles && file.custom == template.custom)
  }
}
