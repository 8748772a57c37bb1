import Errors
import Etcd
import FoundationEssentials
import Keyspace
import Segmentation
import Text

/// All users and roles of a cluster at one moment, with their permissions, and which users have a password. It
/// contains no password and no hash of one.
package struct AuthExport: Codable, Hashable, Sendable {
  package struct User: Codable, Hashable, Sendable {
    package enum Password: String, Codable, Sendable {
      case none
      case set
      /// Everyone can log in with the empty password.
      case empty
      /// Authentication was off, and no password could be tried.
      case unknown
    }

    package let name: String
    package let roles: [String]
    package let password: Password
  }

  package struct Role: Codable, Hashable, Sendable {
    package struct Entry: Codable, Hashable, Sendable {
      package let access: String
      /// For people.
      package let range: String
      /// In the form of ``Permission/storedText``.
      let stored: String
    }

    package let name: String
    package let permissions: [Entry]
  }

  /// What Bulkhead manages for one file.
  struct Managed: Codable, Hashable, Sendable {
    let owner: RecordOwner
    let users: [String]
    let roles: [String]
  }

  /// The file's name of the cluster.
  package let cluster: String
  /// The number of the cluster in etcd's answers, in hexadecimal. A restored snapshot has another one.
  package let clusterID: String
  package let madeAt: Date
  package let bulkhead: String
  package let authEnabled: Bool
  let authRevision: Int64?
  /// Sorted by name.
  package let users: [User]
  package let roles: [Role]
  let managed: [Managed]

  package init(
    _ state: ClusterState, _ survey: Survey, cluster: String, madeAt: Date, bulkhead: String
  ) {
    self.cluster = cluster
    clusterID = String(survey.members.clusterID, radix: 16)
    self.madeAt = Date(timeIntervalSince1970: madeAt.timeIntervalSince1970.rounded(.down))
    self.bulkhead = bulkhead
    authEnabled = state.authEnabled
    authRevision = survey.authRevision
    users = state.users.sorted { $0.key < $1.key }.map { name, user in
      User(
        name: name, roles: user.roles.sorted(),
        password: !state.authEnabled
          ? .unknown : user.acceptsEmptyPassword ? .empty : user.hasPassword ? .set : .none)
    }
    roles = state.roles.sorted { $0.key < $1.key }.map { name, permissions in
      Role(
        name: name,
        permissions: permissions.map { permission in
          Role.Entry(
            access: permission.access.description, range: permission.grant.range.description,
            stored: permission.storedText)
        })
    }
    managed = survey.records.all.compactMap { record in
      record.owner.map {
        Managed(owner: $0, users: record.managed.users.sorted(), roles: record.managed.roles.sorted())
      }
    }.sorted { "\($0.owner)" < "\($1.owner)" }
  }
}

// MARK: - as a file

extension AuthExport {
  private static let kind = "bulkhead users and roles"
  private static let format = 1
  /// The largest file that is read, in bytes.
  package static let mostBytes = 256 << 20

  package var bytes: [UInt8] {
    get throws { try DigestedFile(kind: Self.kind, format: Self.format, self).bytes }
  }

  /// Whether bytes are the beginning of an export of any format.
  package static func isOne(_ bytes: [UInt8]) -> Bool { DigestedFileHead(bytes)?.kind == kind }

  /// Reads a file, byte for byte as it was written.
  /// - Throws: ``ExportRefusal``.
  package init(_ bytes: [UInt8]) throws(ExportRefusal) {
    do throws(DigestedFileFault) {
      self = try DigestedFile<AuthExport>.read(bytes, kind: Self.kind, format: Self.format)
    } catch {
      switch error {
      case .otherKind: throw .notAnExport
      case .otherFormat(let format): throw .otherFormat(format)
      case .changed: throw .changed
      }
    }
  }
}

/// Why an export is not used.
package enum ExportRefusal: ExplainedError, Hashable, Sendable {
  case notAnExport
  case otherFormat(Int?)
  case changed
  case ofAnotherCluster(String, file: String)
  case noAdministrator(String)

  package var description: String {
    switch self {
    case .notAnExport: "the file is not one that 'bulkhead export' wrote"
    case .otherFormat(let format):
      "the export has the format \(format.map(String.init) ?? "unknown"), which this program does not read"
    case .changed: "the export was changed after it was written: it does not match its digest"
    case .ofAnotherCluster(let cluster, let file):
      "the export is of the cluster \(quoted(cluster)), and the file is for \(quoted(file))"
    case .noAdministrator(let user):
      "nothing was changed: in the export \(quoted(user)), the user of this certificate, does not have the role root"
    }
  }

  package var hint: String? {
    switch self {
    case .notAnExport: "'bulkhead export --out FILE' writes one"
    case .otherFormat: "use the version of Bulkhead that wrote it"
    case .changed: "use a copy that was not changed"
    case .ofAnotherCluster: "give --file the file of that cluster"
    case .noAdministrator: "use the certificate of an administrator of that time"
    }
  }
}
