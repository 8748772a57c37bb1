import Cryptography
import TestCertificates
import Testing

/// A client session and a server session, connected in memory.
@Suite struct TLSSessionTests {
  let authority: TestAuthority
  let server: TLSIdentity

  init() throws {
    authority = try TestAuthority()
    server = try authority.issue(
      "server", hosts: ["etcd-1.example", "*.pool.example", "10.0.0.1", "2001:db8::1"])
  }

  private func pair(
    name: String, trusting trust: TLSTrust? = nil, as client: TLSIdentity? = nil,
    clients: TLSClientCertificates = .notRequested, identity: TLSIdentity? = nil
  ) throws -> Pair {
    try Pair(
      client: .client(
        trusting: trust ?? .authorities([authority.certificate]), identity: client, protocols: ["h2"]),
      server: .server(identity: identity ?? server, clients: clients, protocols: ["http/1.1", "h2"]),
      name: name)
  }

  @Test(arguments: [
    "etcd-1.example", "etcd-1.example.", "a.pool.example", "10.0.0.1", "2001:db8::1", "2001:DB8:0::1",
  ])
  func aNameOfTheCertificateIsAccepted(name: String) throws {
    let pair = try pair(name: name)
    try pair.shakeHands()
    #expect(pair.client.version == "TLSv1.3")
    #expect(pair.client.applicationProtocol == "h2")
    #expect(pair.server.applicationProtocol == "h2")
    #expect(try pair.client.peerCertificates() == server.chain)
    #expect(try pair.server.peerCertificates().isEmpty)
    #expect(try pair.say("hello") == "hello")
  }

  @Test(arguments: [
    "etcd-2.example", "example", "a.b.pool.example", "pool.example", "10.0.0.2", "2001:db8::2", "server",
  ])
  func anotherNameIsRefusedWithTheNamesThatThereAre(name: String) throws {
    let pair = try pair(name: name)
    let found = ["etcd-1.example", "*.pool.example", "10.0.0.1", "2001:db8::1"]
    #expect(throws: TLSError.wrongName(expected: name, found: found)) { try pair.shakeHands() }
  }

  /// OpenSSL takes ".example" for any host below it.
  @Test(arguments: [".example", ".", "", "..", "etcd-1..example", "etcd-1.example..", "a\0.example"])
  func aNameWithAnEmptyLabelIsNoName(name: String) throws {
    #expect(throws: TLSError.unusable("'\(name)' cannot be the name of a server")) { try pair(name: name) }
  }

  @Test func namesOfTheCertificateAddNoLineToAMessage() throws {
    let odd = try authority.issue("x\nhint: y", hosts: ["etcd-1.example"], ending: -60)
    #expect(throws: TLSError.expired(subject: "CN=x\\0Ahint: y", notAfter: odd.chain[0].notAfter)) {
      try pair(name: "etcd-1.example", identity: odd).shakeHands()
    }
    let other = try authority.issue("x", hosts: ["a\r\nhint: b"])
    #expect(throws: TLSError.wrongName(expected: "etcd-1.example", found: ["a\\0D\\0Ahint: b"])) {
      try pair(name: "etcd-1.example", identity: other).shakeHands()
    }
  }

  @Test func anAddressIsNoNameAndANameNoAddress() throws {
    let onlyName = try authority.issue("10.0.0.1", hosts: ["host.example"])
    let pair = try pair(name: "10.0.0.1", identity: onlyName)
    #expect(throws: TLSError.wrongName(expected: "10.0.0.1", found: ["host.example"])) {
      try pair.shakeHands()
    }
  }

  @Test func aCommonNameIsNoName() throws {
    let bare = try authority.issue("etcd-1.example")
    let pair = try pair(name: "etcd-1.example", identity: bare)
    #expect(throws: TLSError.wrongName(expected: "etcd-1.example", found: [])) { try pair.shakeHands() }
  }

  @Test func anotherAuthorityIsUnknown() throws {
    let pair = try pair(
      name: "etcd-1.example", trusting: .authorities([try TestAuthority("other").certificate]))
    let error = #expect(throws: TLSError.self) { try pair.shakeHands() }
    guard case .unknownAuthority(issuer: "CN=test-ca", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aCertificateThatIsTrustedNeedsNoAuthority() throws {
    let pair = try pair(name: "etcd-1.example", trusting: .authorities(server.chain))
    try pair.shakeHands()
  }

  @Test func anExpiredCertificateIsToldWithItsEnd() throws {
    let old = try authority.issue("old", hosts: ["etcd-1.example"], ending: -60)
    let pair = try pair(name: "etcd-1.example", identity: old)
    #expect(throws: TLSError.expired(subject: "CN=old", notAfter: old.chain[0].notAfter)) {
      try pair.shakeHands()
    }
  }

  @Test func aCertificateOfTheFutureIsToldWithItsBeginning() throws {
    let new = try authority.issue("new", hosts: ["etcd-1.example"], beginning: 600)
    let pair = try pair(name: "etcd-1.example", identity: new)
    #expect(throws: TLSError.notYetValid(subject: "CN=new", notBefore: new.chain[0].notBefore)) {
      try pair.shakeHands()
    }
  }

  @Test func aClientsCertificateIsNoServers() throws {
    let client = try authority.issue("c", hosts: ["etcd-1.example"], usage: [ExtendedKeyUsage.clientAuth])
    let pair = try pair(name: "etcd-1.example", identity: client)
    let error = #expect(throws: TLSError.self) { try pair.shakeHands() }
    guard case .badCertificate(subject: "CN=c", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func aCertificateIsReadWithoutTrust() throws {
    let pair = try pair(name: "elsewhere.example", trusting: .anyone)
    try pair.shakeHands()
    #expect(try pair.client.peerCertificates() == server.chain)
  }

  @Test func aClientShowsWhoItIs() throws {
    let client = try authority.issue("alice")
    let pair = try pair(name: "10.0.0.1", as: client, clients: .required([authority.certificate]))
    try pair.shakeHands()
    #expect(try pair.server.peerCertificates() == client.chain)
  }

  @Test func aServerMayTakeAnyCertificateUnverified() throws {
    let stranger = try TestAuthority("stranger").issue("bob", ending: -1)
    let pair = try pair(name: "10.0.0.1", as: stranger, clients: .unverified)
    try pair.shakeHands()
    #expect(try pair.server.peerCertificates() == stranger.chain)
    let without = try self.pair(name: "10.0.0.1", clients: .unverified)
    try without.shakeHands()
    #expect(try without.server.peerCertificates().isEmpty)
  }

  @Test func aMissingCertificateIsRefusedAfterTheClientsHandshake() throws {
    let pair = try pair(name: "10.0.0.1", clients: .required([authority.certificate]))
    #expect(throws: TLSError.noClientCertificate) { try pair.shakeHands() }
    #expect(pair.client.isHandshakeDone)
    #expect(throws: TLSError.certificateRefused(.certificateRequired)) { try pair.readOfClient() }
  }

  @Test func aCertificateOfAnotherAuthorityIsRefused() throws {
    let stranger = try TestAuthority("stranger").issue("bob")
    let pair = try pair(name: "10.0.0.1", as: stranger, clients: .required([authority.certificate]))
    let error = #expect(throws: TLSError.self) { try pair.shakeHands() }
    guard case .unknownAuthority(issuer: "CN=stranger", _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(throws: TLSError.certificateRefused(.unknownAuthority)) { try pair.readOfClient() }
  }

  @Test func anExpiredClientIsTold() throws {
    let old = try authority.issue("old", ending: -60)
    let pair = try pair(name: "10.0.0.1", as: old, clients: .optional([authority.certificate]))
    #expect(throws: TLSError.expired(subject: "CN=old", notAfter: old.chain[0].notAfter)) {
      try pair.shakeHands()
    }
    #expect(throws: TLSError.certificateRefused(.certificateExpired)) { try pair.readOfClient() }
  }

  @Test(arguments: [
    "HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
  ])
  func whatIsNoTLSIsShown(answer: String) throws {
    let pair = try pair(name: "10.0.0.1")
    #expect(try !pair.client.handshake())
    pair.client.receive(Array(answer.utf8).span.bytes)
    let start = answer.prefix { $0.isASCII && !$0.isNewline && $0 != "\u{0}" }
    #expect(throws: TLSError.notTLS(String(start))) { _ = try pair.client.handshake() }
  }

  @Test func plainHTTPToAServerIsShown() throws {
    let pair = try pair(name: "10.0.0.1")
    pair.server.receive(Array("GET / HTTP/1.1\r\n\r\n".utf8).span.bytes)
    #expect(throws: TLSError.notTLS("GET / HTTP/1.1")) { _ = try pair.server.handshake() }
  }

  @Test func anEndInTheHandshakeIsTold() throws {
    let pair = try pair(name: "10.0.0.1")
    #expect(try !pair.client.handshake())
    pair.client.receiveEnd()
    #expect(throws: TLSError.closedInHandshake) { _ = try pair.client.handshake() }
  }

  @Test func anEndWithoutTLSsOwnIsToldFromOneWithIt() throws {
    let truncated = try pair(name: "10.0.0.1")
    try truncated.shakeHands()
    truncated.client.receiveEnd()
    #expect(throws: TLSError.truncated) { try truncated.readOfClient() }
    let ended = try pair(name: "10.0.0.1")
    try ended.shakeHands()
    ended.server.finish()
    ended.carry()
    ended.client.receiveEnd()
    #expect(try ended.readOfClient() == .ended)
  }

  @Test func aKeyOfAnotherCertificateIsNotUsed() throws {
    let wrong = TLSIdentity(chain: server.chain, key: try .generate(.p256))
    #expect(throws: TLSError.self) { try TLSContext.server(identity: wrong) }
    #expect(throws: TLSError.self) { try TLSContext.client(trusting: .authorities([]), identity: nil) }
  }
}

/// A client and a server.
private struct Pair {
  let client: TLSSession
  let server: TLSSession

  init(client: TLSContext, server: TLSContext, name: String) throws {
    self.client = try TLSSession(client, name: name)
    self.server = try TLSSession(server)
  }

  func carry() {
    client.outgoing.withBytes { server.receive($0) }
    client.outgoing.removeAll()
    server.outgoing.withBytes { client.receive($0) }
    server.outgoing.removeAll()
  }

  /// - Throws: what the side says that finds the fault.
  func shakeHands() throws {
    for _ in 0..<10 {
      defer { carry() }
      let isClientDone = try client.handshake()
      carry()
      if try server.handshake(), isClientDone { return }
    }
    Issue.record("the handshake does not end")
  }

  func readOfClient() throws -> TLSSession.Read {
    try withUnsafeTemporaryAllocation(byteCount: 100, alignment: 1) { try client.read(into: $0) }
  }

  /// Has the server say something.
  func say(_ text: String) throws -> String {
    _ = try server.write(Array(text.utf8).span.bytes)
    carry()
    return try withUnsafeTemporaryAllocation(byteCount: 100, alignment: 1) { buffer in
      guard case .bytes(let count) = try client.read(into: buffer) else { return "" }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }
}
