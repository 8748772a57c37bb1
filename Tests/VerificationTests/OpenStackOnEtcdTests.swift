import Catalogue
import Foundation
import HTTP
import Keyspace
import Names
import Reconciliation
import Segmentation
import TestClusters
import TestRecords
import Testing
import ThrowawayEtcd

@testable import Etcd
@testable import Verification

/// The requests of networking-calico again, over the JSON gateway of a real etcd: with the password of its user and
/// with the certificate that Bulkhead issues beside it.
@Suite(
  "requests of networking-calico, over the JSON gateway of etcd", .realEtcd,
  .enabled(if: Records.arePresent, "../shared/truth is not there"))
struct OpenStackOnEtcdTests {
  @Test("etcd allows what it allowed networking-calico of six releases, with and without a region")
  func openstack() async throws {
    let records = try Records.read([OpenStackRecord].self, "openstack-requests.json")
    #expect(Set(records.map(\.release)).count >= 6)
    let catalogue = try Catalogue.embedded()
    let release = try #require(EtcdRelease.one.first)
    try await TestCluster.with(
      release, options: .init(hasGateway: true)
    ) { cluster in
      try await cluster.secure()
      for record in records {
        // With the feature compaction the driver has the role root, and everything would be allowed.
        let text = record.file.replacing("features: [compaction]", with: "features: []")
        let segmentation = try Segmentation(
          SegmentationFile(text, file: record.release, catalogue: catalogue), catalogue: catalogue)
        #expect(segmentation.identities.allSatisfy { !$0.isRoot || $0.user == "root" })
        try await cluster.apply(segmentation, password: "password")
        for (user, requests) in Dictionary(grouping: record.requests, by: \.user).sorted(by: {
          $0.key < $1.key
        }) {
          let identity = try #require(segmentation[identity: user])
          let gateway = try await GatewayClient(
            cluster, certificate: identity.certificateName, user: user, password: "password")
          for request in requests {
            let answer = try await gateway.ask(request)
            #expect(answer == 200, "\(record.release) region '\(record.region)': \(request): \(answer)")
          }
          // The role is what allows the requests.
          let denied = (
            try await gateway.range("/registry/secrets/"),
            try await gateway.put("/calico/resources/v3/projectcalico.org/ippools/a")
          )
          #expect(denied == (403, 403), "\(denied)")
        }
      }
      // The gateway refuses a client with a Common Name, which is why these certificates have none.
      await #expect(throws: GatewayClient.Refused(status: 400)) {
        _ = try await GatewayClient(
          cluster, certificate: "neutron-driver", user: "neutron-driver", password: "password")
      }
    }
  }
}

/// A client of the JSON gateway, as etcd3gw is one.
private struct GatewayClient {
  struct Refused: Error, Equatable { let status: Int }

  private let client: Client
  private let endpoint: Endpoint
  private var token = ""

  /// Logs in.
  /// - Parameter certificate: The name of the client's certificate.
  init(_ cluster: TestCluster, certificate: String, user: String, password: String) async throws {
    endpoint = try #require(cluster.etcd.endpoints.first)
    var client = Client(tls: try cluster.credentials(of: certificate).tlsContext(protocols: ["http/1.1"]))
    client.limit = .seconds(60)
    self.client = client
    let (status, body) = try await post("auth/authenticate", ["name": user, "password": password])
    guard status == 200, let token = body["token"] as? String else { throw Refused(status: status) }
    self.token = token
  }

  /// Asks as networking-calico does: it reads ranges, and writes in transactions.
  func ask(_ request: RecordedRequest) async throws -> Int {
    let kind = try #require(request.kind, "\(request)")
    if kind == .read { return try await range(request.key, to: request.end) }
    guard let end = request.end else { return try await put(request.key) }
    return try await post(
      "kv/txn",
      ["success": [["requestDeleteRange": ["key": Self.encode(request.key), "rangeEnd": Self.encode(end)]]]]
    ).status
  }

  func range(_ key: String, to end: String? = nil) async throws -> Int {
    var body: [String: Any] = ["key": Self.encode(key)]
    body["range_end"] = end.map(Self.encode)
    return try await post("kv/range", body).status
  }

  func put(_ key: String) async throws -> Int {
    try await post(
      "kv/txn", ["success": [["requestPut": ["key": Self.encode(key), "value": Self.encode("x")]]]]
    ).status
  }

  private static func encode(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  private func post(_ path: String, _ body: [String: Any]) async throws -> (
    status: Int, body: [String: Any]
  ) {
    let address = try #require(WebAddress("\(endpoint)/v3/\(path)"))
    var fields: Fields = ["Accept": "application/json", "Content-Type": "application/json"]
    if !token.isEmpty { fields.append("Authorization", token) }
    let response = try await client.send(
      .post, to: address, fields: fields,
      body: .bytes(Array(try JSONSerialization.data(withJSONObject: body))))
    let answer = try? JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
    return (response.status.code, answer ?? [:])
  }
}
