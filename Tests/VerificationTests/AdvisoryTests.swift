import Etcd
import FoundationEssentials
import Names
import Segmentation
import Testing

@testable import Verification

@Suite("Known vulnerabilities by version")
struct AdvisoryTests {
  private func ids(_ version: String, _ kinds: Set<Advisory.Kind> = [.access]) throws -> Set<String> {
    let version = try #require(EtcdVersion(version))
    return Set(
      try AdvisoryList.embedded().all.filter {
        $0.affects(version) && kinds.contains($0.kind) && $0.condition == nil
      }.map(\.id))
  }

  @Test(
    "end with the release that has the fix",
    arguments: [
      ("CVE-2026-33343", "3.4.41", "3.4.42"), ("CVE-2026-33343", "3.5.27", "3.5.28"),
      ("CVE-2026-33413", "3.6.8", "3.6.9"), ("CVE-2026-44283", "3.5.29", "3.5.30"),
      ("GHSA-xg4h-6gfc-h4m8", "3.5.32", "3.5.33"), ("GHSA-xg4h-6gfc-h4m8", "3.6.13", "3.6.14"),
      ("GHSA-xg4h-6gfc-h4m8", "3.7.0", "3.7.1"), ("etcd pull request 22386", "3.5.99", "3.6.0"),
      ("CVE-2023-32082", "3.4.25", "3.4.26"), ("etcd issue 14648", "3.5.5", "3.5.6"),
      ("etcd issue 13766", "3.5.2", "3.5.3"), ("etcd issue 14409", "3.4.20", "3.4.21"),
      ("etcd issue 13415", "3.5.0", "3.5.1"), ("CVE-2026-73500", "3.6.13", "3.6.14"),
      ("CVE-2026-59818", "3.5.31", "3.5.32"), ("CVE-2026-59818", "3.6.12", "3.6.13"),
      // A pre-release does not have the fix of its release.
      ("GHSA-xg4h-6gfc-h4m8", "3.7.1-rc.0", "3.7.1"), ("etcd pull request 22386", "3.6.0-rc.3", "3.6.0"),
      ("CVE-2026-33343", "3.6.0-rc.1", "3.6.9"),
      // A vendor's build of a release has it.
      ("CVE-2026-33343", "3.5.27-k3s1", "3.5.28-k3s1"),
    ])
  func fixed(id: String, last: String, fixed: String) throws {
    let list = try AdvisoryList.embedded()
    let advisory = try #require(list[id])
    #expect(advisory.affects(try #require(EtcdVersion(last))))
    #expect(!advisory.affects(try #require(EtcdVersion(fixed))))
  }

  @Test("stay in a minor release without a fix")
  func neverFixed() throws {
    #expect(try ids("3.4.45").contains("GHSA-xg4h-6gfc-h4m8"))
    #expect(try ids("3.4.45").contains("etcd pull request 22386"))
    #expect(try ids("3.3.27").contains("CVE-2026-33343"))
    #expect(try #require(AdvisoryList.embedded()["CVE-2026-59818"]).affects(#require(EtcdVersion("3.4.45"))))
  }

  @Test("do not affect releases before the first vulnerable one")
  func since() throws {
    #expect(try !ids("3.4.20").contains("etcd issue 13766"))
    #expect(try ids("3.5.0").contains("etcd issue 13766"))
    #expect(try !#require(AdvisoryList.embedded()["CVE-2026-59818"]).affects(#require(EtcdVersion("3.4.24"))))
  }

  @Test("do not affect the newest releases")
  func newest() throws {
    for version in ["3.6.14", "3.7.1", "3.8.0", "4.0.0"] {
      #expect(try ids(version, [.access, .availability, .disclosure]).isEmpty)
    }
    #expect(try ids("3.5.35") == ["etcd pull request 22386"])
  }

  @Test("have unique names, and the list has a day")
  func identifiers() throws {
    let list = try AdvisoryList.embedded()
    let names = list.all.flatMap { [$0.id] + $0.aliases }
    #expect(Set(names).count == names.count)
    #expect(list.all.allSatisfy { !$0.intervals.isEmpty && !$0.effect.isEmpty })
    #expect(list.knownOn == "2026-11-28" && list.latestDay == "2026-11-28")
    let later = try Date("2027-01-07T12:00:00Z", strategy: .iso8601)
    #expect(list.age(on: later) == 40)
    #expect(list["cve-2026-73499"]?.id == "GHSA-xg4h-6gfc-h4m8" && list["unknown"] == nil)
  }
}

@Suite("Advisories of a file, in OSV's format")
struct OSVTests {
  private func adding(_ text: String) throws -> AdvisoryList {
    var list = try AdvisoryList.embedded()
    try list.add(Array(text.utf8))
    return list
  }

  private static let package = #"{"package": {"ecosystem": "Go", "name": "go.etcd.io/etcd/server/v3"}"#

  @Test("add to the list, and replace the releases of a known one")
  func added() throws {
    let list = try adding(
      """
      {"vulns": [
        {"id": "GO-2027-1", "modified": "2027-02-01T10:00:00Z", "aliases": ["CVE-2027-1"],
         "summary": "any certificate may do anything\\nsecond line", "schema_version": "1.6.0",
         "affected": [\(Self.package), "ranges": [{"type": "SEMVER", "events": [
           {"introduced": "3.6.0-alpha.0"}, {"fixed": "3.6.20"}, {"introduced": "3.7.0"}, {"last_affected": "3.7.5"}]}],
           "versions": ["v3.8.0"]}]},
        {"id": "GHSA-new", "modified": "2027-01-01T00:00:00Z", "aliases": ["CVE-2026-73499"], "summary": "the watch",
         "affected": [\(Self.package), "ranges": [{"type": "SEMVER", "events": [
           {"introduced": "0"}, {"fixed": "3.5.40"}]}]}]},
        {"id": "GO-2027-2", "withdrawn": "2027-01-01T00:00:00Z", "affected": [\(Self.package)}]},
        {"id": "GO-2027-3", "affected": [{"package": {"name": "go.etcd.io/etcd/client/v3"}}]},
        {"id": "GO-2027-4", "affected": [{"package": {"name": "golang.org/x/net"}}]}
      ]}
      """)
    let new = try #require(list["CVE-2027-1"])
    #expect(new.effect == "any certificate may do anything" && new.kind == .access)
    for (version, isAffected) in [
      ("3.5.0", false), ("3.6.0-rc.0", true), ("3.6.19", true), ("3.6.20", false), ("3.7.5", true),
      ("3.7.6", false), ("3.8.0", true), ("3.8.1", false),
    ] {
      #expect(new.affects(try #require(EtcdVersion(version))) == isAffected, "\(version)")
    }
    let watch = try #require(list["GHSA-new"])
    #expect(watch.id == "GHSA-xg4h-6gfc-h4m8" && watch.remedy == "fixed in 3.5.40")
    #expect(list.fileKnownOn == "2027-02-01" && list.latestDay == "2027-02-01")
    #expect(["GO-2027-2", "GO-2027-3", "GO-2027-4"].allSatisfy { list[$0] == nil })
  }

  /// A record of GitHub's database has ECOSYSTEM ranges, and Go's database has pseudo-versions beside the releases.
  @Test("no record makes a known vulnerability disappear")
  func lossless() throws {
    func record(_ ranges: String, names: String = #""CVE-2023-32082""#) -> String {
      #"{"id": "GHSA-test", "aliases": [\#(names)], "affected": [\#(Self.package), "ranges": [\#(ranges)]}]}"#
    }
    let affected = try #require(EtcdVersion("3.5.1"))
    let ecosystem = #"{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.5.9"}]}"#
    let list = try adding(record(ecosystem))
    #expect(list["CVE-2023-32082"]?.affects(affected) == true)
    for ranges in [
      #"{"type": "GIT", "events": [{"introduced": "0"}]}"#, "",
      #"{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "0.5.0-alpha.5.0.20221102000833-1f054980bc27"}]}"#,
    ] {
      #expect(throws: AdvisoryFileFault.noReleases("GHSA-test")) { try adding(record(ranges)) }
    }
    #expect(throws: AdvisoryFileFault.self) {
      try adding(record(ecosystem, names: #""CVE-2026-33343", "CVE-2026-33413""#))
    }
    let narrow = try adding(
      record(#"{"type": "SEMVER", "events": [{"introduced": "3.6.0"}, {"fixed": "3.6.1"}]}"#))
    #expect(narrow.narrowed.count == 1 && list["CVE-2023-32082"]?.affects(affected) == true)
    for (text, fault) in [
      (
        #"{"id": "X-1", "modified": "zz9", "affected": [\#(Self.package), "versions": ["3.6.1"]}]}"#,
        AdvisoryFileFault.day("zz9", of: "X-1")
      ),
      (#"{"id": "", "affected": [\#(Self.package), "versions": ["3.6.1"]}]}"#, .notOSV),
    ] {
      #expect(throws: fault) { try adding(text) }
    }
  }

  @Test("may be one record or a list; anything else is refused")
  func forms() throws {
    let one = #"{"id": "X-1", "affected": [\#(Self.package), "versions": ["3.6.1"]}]}"#
    #expect(try adding(one)["X-1"] != nil)
    #expect(try adding("[\(one)]")["X-1"] != nil)
    #expect(throws: AdvisoryFileFault.noAdvisory) { try adding("[]") }
    #expect(throws: AdvisoryFileFault.noAdvisory) { try adding(#"{"id": "X-1"}"#) }
    for text in ["", "{}", "[1]", "etcd"] {
      #expect(throws: AdvisoryFileFault.notOSV) { try adding(text) }
    }
    #expect(throws: AdvisoryFileFault.version("three", of: "X-1")) {
      try adding(
        #"{"id": "X-1", "affected": [\#(Self.package), "ranges": [{"type": "SEMVER", "events": [{"introduced": "three"}]}]}]}"#
      )
    }
  }
}

@Suite("What the members' releases mean")
struct AssessmentTests {
  private func assessment(
    _ versions: [String], alarms: [Alarm] = [], sightings: [(String, VulnerabilitySighting.State)] = []
  ) throws -> ServerAssessment {
    var assessment = ServerAssessment(
      members: try versions.enumerated().map { index, version in
        ServerAssessment.Member(
          name: "etcd-\(index)", endpoint: try Endpoint("https://etcd-\(index):2379"),
          status: .of(version: try #require(EtcdVersion(version))), space: .enough(bytes: 1, quota: nil))
      }, alarms: alarms, advisories: try .embedded())
    for member in assessment.members {
      for (advisory, state) in sightings {
        assessment.sightings.append(
          VulnerabilitySighting(
            advisory: advisory, endpoint: member.endpoint, user: "node", request: "ask", state: state))
      }
    }
    return assessment
  }

  @Test("a back-ported fix is seen: listed for the release, and refused by every member")
  func backPort() throws {
    let listed = try assessment(["3.6.13", "3.6.13"])
    #expect(!listed.isTrustworthy())
    #expect(listed.isTrustworthy(accepting: Acceptances(options: ["cve-2026-73499"])))
    let refused = try assessment(["3.6.13", "3.6.13"], sightings: [("GHSA-xg4h-6gfc-h4m8", .closed)])
    #expect(refused.isTrustworthy())
    #expect(refused.vulnerabilities.contains { $0.state == .seenClosed })
    let open = try assessment(["3.6.16"], sightings: [("GHSA-xg4h-6gfc-h4m8", .open)])
    #expect(!open.isTrustworthy() && open.seenOpen().count == 1)
    #expect(open.seenOpen(accepting: Acceptances(options: ["CVE-2026-73499"])).isEmpty)
  }

  @Test("under an alarm the verdict depends on the release")
  func alarm() throws {
    let alarm = Alarm(memberID: 1, kind: .noSpace)
    #expect(try assessment(["3.6.16", "3.7.3"], alarms: [alarm]).isTrustworthy())
    let old = try assessment(["3.6.16", "3.5.35"], alarms: [alarm])
    #expect(!old.isTrustworthy() && old.withoutPermissionsUnderAlarm == ["etcd-1"])
    #expect(!old.isTrustworthy(accepting: Acceptances(options: ["etcd-22386"])))
  }

  @Test("under an alarm a Txn that is permitted shows the alarm's effect, and no vulnerability")
  func permittedUnderAlarm() throws {
    let alarm = Alarm(memberID: 1, kind: .noSpace)
    func request(isTxn: Bool) -> VulnerabilityRequest {
      VulnerabilityRequest(advisory: "CVE-2026-33343", words: "ask", isTxn: isTxn) { _ in .allowed }
    }
    for (version, alarms, isTxn, state, shown) in [
      ("3.5.35", [alarm], true, .open, "etcd pull request 22386"),
      ("3.5.35", [alarm], true, .closed, "CVE-2026-33343"),
      ("3.5.35", [alarm], false, .open, "CVE-2026-33343"), ("3.5.35", [], true, .open, "CVE-2026-33343"),
      ("3.6.16", [alarm], true, .open, "CVE-2026-33343"),
    ] as [(String, [Alarm], Bool, VulnerabilitySighting.State, String)] {
      let assessment = try assessment([version], alarms: alarms)
      #expect(
        assessment.advisory(shownBy: request(isTxn: isTxn), state, at: assessment.members[0]) == shown,
        "\(version) \(state)")
    }
  }
}
