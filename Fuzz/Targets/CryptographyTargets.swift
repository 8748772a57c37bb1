import Cryptography

/// Reads every field of a certificate, and checks that parsing keeps the bytes.
@Sendable func fuzzCertificate(_ bytes: [UInt8]) {
  guard let certificate = try? Certificate(der: bytes) else { return }
  require(certificate.der == bytes, "a certificate keeps its bytes")
  _ = (certificate.subject.description, certificate.issuer.description, certificate.serial)
  _ = (certificate.notBefore, certificate.notAfter, certificate.fingerprint)
  _ = try? (
    certificate.basicConstraints, certificate.keyUsage, certificate.extendedKeyUsage,
    certificate.subjectAlternativeNames
  )
  _ = try? (certificate.subjectKeyIdentifier, certificate.nameConstraints)
  if let key = try? certificate.publicKey { _ = certificate.isSigned(by: key) }
  try? certificate.verify(authorities: [certificate], for: .server, at: certificate.notBefore)
  if let pem = try? certificate.pem() {
    require((try? Certificate.all(pem: Array(pem.utf8))) == [certificate], "PEM gives the certificate back")
  }
}

@Sendable func fuzzRequest(_ bytes: [UInt8]) {
  guard let request = try? CertificateRequest(der: bytes) else { return }
  require(request.der == bytes, "a request keeps its bytes")
  _ = (request.subject.description, request.publicKey.kind, request.isSignedByItsKey)
}

@Sendable func fuzzRevocationList(_ bytes: [UInt8]) {
  guard let list = try? RevocationList(der: bytes) else { return }
  require(list.der == bytes, "a list keeps its bytes")
  _ = (list.issuer.description, list.entries, list.number, list.thisUpdate, list.nextUpdate)
}

/// Checks that documents survive writing and reading again.
@Sendable func fuzzPEM(_ bytes: [UInt8]) {
  guard let documents = try? PEMDocument.all(in: bytes) else { return }
  _ = try? Certificate.all(pem: bytes)
  for document in documents where !document.hasHeaders {
    if let form = PrivateKeyForm(rawValue: document.label) {
      _ = try? PrivateKey(der: document.contents, form: form)
    }
    guard let text = try? PEM.text(document.label, document.bytes),
      let again = try? PEMDocument.all(in: Array(text.utf8))
    else { continue }
    require(again.map(\.bytes) == [document.bytes], "PEM gives back what was written")
  }
}

/// Feeds bytes to a client or a server session; the first byte selects which.
@Sendable func fuzzTLS(_ bytes: [UInt8]) {
  guard let first = bytes.first, let contexts else { return }
  guard
    let session = try? first & 1 == 0
      ? TLSSession(contexts.client, name: "localhost") : TLSSession(contexts.server)
  else { return }
  var buffer = [UInt8](repeating: 0, count: 1 << 15)
  do throws(TLSError) {
    _ = try session.handshake()
    // In pieces, as from a network.
    var rest = bytes.dropFirst()
    while !rest.isEmpty {
      session.receive(Array(rest.prefix(200)).span.bytes)
      rest = rest.dropFirst(200)
      _ = try session.handshake()
    }
    session.receiveEnd()
    _ = try buffer.withUnsafeMutableBufferPointer { (buffer) throws(TLSError) in
      try session.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
  } catch { _ = "\(error)" }
  require(!session.isHandshakeDone, "no handshake completes with arbitrary bytes")
}

private let contexts: (client: TLSContext, server: TLSContext)? = {
  guard let key = try? PrivateKey.generate(.p256) else { return nil }
  let name = DistinguishedName(commonName: "fuzz")
  let template = CertificateTemplate(
    serial: [1], subject: name, publicKey: key.publicKey, notBefore: 0, notAfter: 4_000_000_000,
    extensions: [])
  guard let certificate = try? Certificate(template, issuer: name, key: key),
    let client = try? TLSContext.client(trusting: .authorities([certificate]), protocols: ["h2"]),
    let server = try? TLSContext.server(
      identity: TLSIdentity(chain: [certificate], key: key), clients: .unverified, protocols: ["h2"])
  else { return nil }
  return (client, server)
}()
