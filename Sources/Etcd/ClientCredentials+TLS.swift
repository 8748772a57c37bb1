import Cryptography
import Glibc
import Names

/// Why the files of the credentials cannot be used.
struct CredentialsFault: Error {
  let words: String
}

extension ClientCredentials {
  /// The TLS context for a connection to a member, from the current files.
  func tlsContext(protocols: [String]) throws(CredentialsFault) -> TLSContext {
    let authorities = try certificates(in: authority)
    let identity = TLSIdentity(chain: try certificates(in: certificate), key: try privateKey())
    do throws(TLSError) {
      return try .client(trusting: .authorities(authorities), identity: identity, protocols: protocols)
    } catch { throw CredentialsFault(words: "\(error)") }
  }

  /// The same with another rule for the server's certificate.
  func tlsContext(trusting trust: TLSTrust, protocols: [String]) throws(CredentialsFault) -> TLSContext {
    let identity = TLSIdentity(chain: try certificates(in: certificate), key: try privateKey())
    do throws(TLSError) {
      return try .client(trusting: trust, identity: identity, protocols: protocols)
    } catch { throw CredentialsFault(words: "\(error)") }
  }

  /// - Throws: ``EtcdError`` with the code ``EtcdError/Code/badCredentials``.
  func tlsContext(
    protocols: [String], operation: String, endpoint: Endpoint
  ) throws(EtcdError) -> TLSContext {
    do throws(CredentialsFault) {
      return try tlsContext(protocols: protocols)
    } catch {
      throw EtcdError(
        code: .badCredentials, operation: operation, endpoint: endpoint.description,
        message: words(of: error),
        wasNotProcessed: true)
    }
  }

  /// The message of an error about unusable files.
  func words(of fault: CredentialsFault) -> String {
    "cannot use \(certificate), its key or \(authority): \(fault.words)"
  }

  private func certificates(in file: String) throws(CredentialsFault) -> [Certificate] {
    let certificates = try CredentialFile.lend(file) { (bytes) throws(CryptographyError) in
      try PEMDocument.all(in: bytes).filter { $0.label == "CERTIFICATE" }.map {
        (document) throws(CryptographyError) in try Certificate(der: document.bytes)
      }
    }
    guard !certificates.isEmpty else { throw CredentialsFault(words: "no certificate in \(file)") }
    return certificates
  }

  private func privateKey() throws(CredentialsFault) -> PrivateKey {
    let found = try CredentialFile.lend(key) { (bytes) throws(CryptographyError) -> PrivateKey? in
      for document in try PEMDocument.all(in: bytes) {
        guard let form = PrivateKeyForm(rawValue: document.label), !document.hasHeaders else { continue }
        return try PrivateKey(der: document.contents, form: form)
      }
      return nil
    }
    guard let found else {
      throw CredentialsFault(words: "no private key without a passphrase in \(key)")
    }
    return found
  }
}

/// Reads a file that may contain a key, and leaves no copy of it in memory.
private enum CredentialFile {
  private static let limit = 1 << 20

  static func lend<Result>(
    _ path: String, _ body: (UnsafeRawBufferPointer) throws(CryptographyError) -> Result
  ) throws(CredentialsFault) -> Result {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: limit + 1, alignment: 1)
    var count = 0
    defer {
      if let start = buffer.baseAddress { explicit_bzero(start, count) }
      buffer.deallocate()
    }
    count = try read(path, into: buffer)
    guard count <= limit else { throw CredentialsFault(words: "\(path) has more than \(limit) bytes") }
    do throws(CryptographyError) {
      return try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    } catch { throw CredentialsFault(words: "\(path): \(error)") }
  }

  private static func read(
    _ path: String, into buffer: UnsafeMutableRawBufferPointer
  ) throws(CredentialsFault) -> Int {
    func fault() -> CredentialsFault {
      CredentialsFault(words: "\(path): \(String(cString: strerror(errno)))")
    }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw fault() }
    defer { close(file) }
    var count = 0
    while count < buffer.count {
      let read = Glibc.read(file, buffer.baseAddress?.advanced(by: count), buffer.count - count)
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw fault() }
      if read == 0 { break }
      count += read
    }
    return count
  }
}
