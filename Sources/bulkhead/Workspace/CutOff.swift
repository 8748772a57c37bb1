import Certificates
import Etcd
import Files
import FoundationEssentials
import Names
import Reconciliation
import Segmentation
import Terminal

extension Workspace {
  /// Deletes etcd users, and asks each member whether it still accepts revoked certificates.
  ///
  /// Without its user, a certificate can still be used for calls that need none, such as LeaseGrant and
  /// MemberList. On etcd 3.5 that is enough to become administrator: leases fill the store, and while the alarm
  /// NOSPACE is active, no permission is checked (etcd pull request 22386). So a cut-off is complete only if no
  /// member accepts the certificate.
  /// - Parameters:
  ///   - probe: a certificate that is on the revocation list, with its key.
  ///   - control: one of the same authority that is not, made now. A member that refuses both shows nothing: its clock may
  ///     differ, or it trusts another authority.
  /// - Returns: whether the cut-off is complete.
  func cutOff(
    _ users: Set<String>, probe: (certificate: String, key: String),
    control: (certificate: String, key: String), timeout: Duration, _ lockOption: LockOption
  ) async throws -> Bool {
    try checkMayCutOff(users)
    let (probed, controlled) = (
      try CertificateFacts(file: probe.certificate), try CertificateFacts(file: control.certificate)
    )
    guard probed.notBefore <= controlled.notBefore, probed.notAfter >= controlled.notAfter else {
      throw CommandError(
        "the revoked certificate that the members are asked with is valid for another time than one made now",
        hint:
          "compare this machine's clock with the members'; then delete \(authority)/revoked-probe and run again"
      )
    }
    let administrator = try administrator
    let isAuthEnabled = try await EtcdClient.connect(
      to: file.etcd.endpoints, as: administrator, timeout: timeout
    ) { etcd in
      try await lockOption.holdingLock(of: etcd) { lock in
        let known = try await etcd.users()
        for user in users.sorted() {
          guard known.contains(where: { $0.utf8.elementsEqual(user.utf8) }) else {
            Console.note("\(user): etcd has no such user")
            continue
          }
          try await lock.check()
          try await etcd.deleteUser(user)
          Console.out("user deleted: \(user)")
        }
      }
      return try await etcd.isAuthEnabled()
    }
    if !isAuthEnabled {
      Console.note("authentication is off: every certificate that a member accepts may do everything")
    }
    func client(_ files: (certificate: String, key: String)) -> ClientCredentials {
      ClientCredentials(
        authority: administrator.authority, certificate: files.certificate, key: files.key,
        serverName: administrator.serverName)
    }
    let acceptance = try await MembersAcceptance(
      of: client(probe), besides: client(control), as: administrator, endpoints: file.etcd.endpoints,
      timeout: timeout)
    for line in acceptance.lines("revoked certificates") { Console.out(line) }
    let (refusing, all) = (acceptance.count(.refused), acceptance.members.count)
    guard refusing == all else {
      Console.out(
        "the cut-off is not complete: \(refusing) of \(all) members are known to refuse revoked certificates")
      Console.note(
        "hint: copy \(revocationList) to --client-crl-file of every member by a rename, then run the same command "
          + "again; a member without that option needs a restart with it, or complete a roll-over")
      return false
    }
    Console.out("cut off: \(refusing) of \(all) members refuse revoked certificates")
    return true
  }

  /// Refuses to delete the user with whose certificate Bulkhead works.
  func checkMayCutOff(_ users: Set<String>) throws {
    let own = try applicant()
    guard !users.contains(own) else {
      throw CommandError(
        "'\(own)' is the user that bulkhead itself works as, and is not cut off",
        hint: "replace its certificate first")
    }
  }

  /// The certificates of the authorities before the one in use, in PEM: they have signed certificates that may
  /// still be valid.
  func earlierAuthorities() throws -> [String] {
    let folders = (try? FileManager.default.contentsOfDirectory(atPath: authority)) ?? []
    return try folders.sorted().filter { $0 == "previous" || $0.hasPrefix("retired-") }.compactMap {
      try FileContents.readIfPresent("\(authority)/\($0)/ca.crt").map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
