import Cryptography
import TestSupport
import Testing

@Suite(.enabled(if: OpenSSL.isInstalled, OpenSSL.isMissing))
final class KeyTests: FolderSuite {
  static let kinds: [KeyKind] = [.p256, .p384, .p521, .ed25519, .rsa(bits: 3072)]

  private func pem(_ key: PrivateKey, _ form: PrivateKeyForm = .pkcs8) throws -> String {
    try PEM.secret(form.label, key.der(form)).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func read(_ pem: String) throws -> PrivateKey {
    let document = try #require(
      PEMDocument.all(in: Array(pem.utf8)).first { $0.label.hasSuffix("PRIVATE KEY") })
    return try PrivateKey(der: document.contents, form: #require(PrivateKeyForm(rawValue: document.label)))
  }

  @Test(arguments: kinds) func opensslReadsEveryKeyAndItsSignature(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    #expect(key.kind == kind)
    let path = try file("key.pem", pem(key))
    #expect(try OpenSSL.run("pkey", "-in", path, "-noout", "-check").contains("Key is valid"))
    let shown = try file("public.pem", OpenSSL.run("pkey", "-in", path, "-pubout"))
    #expect(try bytes("public.pem") == Array(PEM.text("PUBLIC KEY", key.publicKey.subjectPublicKeyInfo).utf8))

    let message = Array("a message".utf8)
    let signature = try file("signature", key.sign(message))
    var verify = ["pkeyutl", "-verify", "-pubin", "-inkey", shown, "-sigfile", signature, "-rawin"]
    if kind == .p384 { verify += ["-digest", "sha384"] }
    if kind == .p521 { verify += ["-digest", "sha512"] }
    if kind != .p384, kind != .p521, kind != .ed25519 { verify += ["-digest", "sha256"] }
    #expect(
      try OpenSSL.run(verify + ["-in", file("message", message)]).contains("Verified Successfully"))
  }

  @Test(arguments: kinds) func everyFormIsReadAgain(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    for form in PrivateKeyForm.allCases {
      let fits =
        switch (form, kind) {
        case (.pkcs8, _), (.sec1, .p256), (.sec1, .p384), (.sec1, .p521), (.pkcs1, .rsa): true
        default: false
        }
      guard fits else {
        #expect(throws: CryptographyError.self) { try key.der(form) }
        continue
      }
      let text = try pem(key, form)
      let again = try read(text)
      #expect(again.publicKey == key.publicKey)
      #expect(try pem(again) == pem(key))
      // As openssl writes it.
      let path = try file("key.pem", pem(key))
      let traditional = form == .pkcs8 ? [] : ["-traditional"]
      #expect(try OpenSSL.run(["pkey", "-in", path] + traditional) == text)
    }
  }

  @Test(arguments: kinds) func aSignatureIsOfOneMessageByOneKey(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind)
    let other = try PrivateKey.generate(kind)
    let message = Array("a message".utf8)
    for digest in kind == .ed25519 ? [nil] : [nil, Digest.sha256, .sha384, .sha512] {
      let signature = try key.sign(message, digest: digest)
      #expect(key.publicKey.isValid(signature, of: message, digest: digest))
      #expect(!key.publicKey.isValid(signature, of: message + [0], digest: digest))
      #expect(!other.publicKey.isValid(signature, of: message, digest: digest))
      #expect(!key.publicKey.isValid(Array(signature.dropLast()), of: message, digest: digest))
      #expect(!key.publicKey.isValid([], of: message, digest: digest))
      let fixed = try key.signFixedLength(message, digest: digest)
      #expect(key.publicKey.isValid(fixedLength: fixed, of: message, digest: digest))
      if let count = kind.coordinateCount {
        #expect(fixed.count == 2 * count)
        #expect(!key.publicKey.isValid(fixedLength: signature, of: message, digest: digest))
      }
    }
    if kind == .ed25519 {
      #expect(throws: CryptographyError.self) { try key.sign(message, digest: .sha256) }
      #expect(!key.publicKey.isValid([], of: message, digest: .sha256))
    }
    #expect(key.publicKey.isValid(try key.sign([]), of: []))
  }

  @Test(arguments: kinds) func aPublicKeyIsReadAgain(kind: KeyKind) throws {
    let key = try PrivateKey.generate(kind).publicKey
    let again = try PublicKey(subjectPublicKeyInfo: key.subjectPublicKeyInfo)
    #expect(again == key)
    #expect(again.kind == kind)
    #expect(throws: CryptographyError.self) {
      try PublicKey(subjectPublicKeyInfo: key.subjectPublicKeyInfo + [0])
    }
    for count in 0..<key.subjectPublicKeyInfo.count {
      #expect(throws: CryptographyError.self) {
        try PublicKey(subjectPublicKeyInfo: Array(key.subjectPublicKeyInfo.prefix(count)))
      }
    }
    // SHA-1 of the bits, as openssl names a key.
    let path = try file("public.pem", PEM.text("PUBLIC KEY", key.subjectPublicKeyInfo))
    let parsed = try OpenSSL.run("asn1parse", "-in", path)
    #expect(parsed.contains("BIT STRING"))
    #expect(try key.identifier.count == 20)
  }

  @Test func refusesKeysOfOtherKinds() throws {
    for command in [
      ["ecparam", "-name", "secp224r1", "-genkey", "-noout"],
      ["ecparam", "-name", "secp256k1", "-genkey", "-noout"],
      ["genpkey", "-algorithm", "ed448"], ["genpkey", "-algorithm", "x25519"],
      ["genpkey", "-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
      ["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"],
    ] {
      let text = try OpenSSL.run(command)
      let error = #expect(throws: CryptographyError.self, "\(command)") { try read(text) }
      #expect(error?.isOfUnknownKey == true, "\(command) \(error.debugDescription)")
    }
  }

  @Test func compressedPointsAreRefusedAsGoRefusesThem() throws {
    try OpenSSL.run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path("key.pem"))
    try OpenSSL.run(
      "ec", "-in", path("key.pem"), "-pubout", "-conv_form", "compressed", "-outform", "DER", "-out",
      path("public"))
    let error = #expect(throws: CryptographyError.self) {
      try PublicKey(subjectPublicKeyInfo: bytes("public"))
    }
    #expect(error?.description.contains("compressed") == true)
  }

  @Test func aKeyWhosePublicHalfIsAnothersIsRefused() throws {
    let one = try PrivateKey.generate(.p256)
    let other = try PrivateKey.generate(.p256)
    var bytes = try one.der(.sec1).withUnsafeBytes { Array($0) }
    let point = other.publicKey.subjectPublicKeyInfo.suffix(65)
    bytes.replaceSubrange(bytes.count - 65..<bytes.count, with: point)
    let error = #expect(throws: CryptographyError.self) {
      try bytes.withUnsafeBytes { try PrivateKey(der: $0, form: .sec1) }
    }
    #expect(error?.description.contains("of another key") == true)
  }

  @Test func aBrokenKeyIsRefusedWhereverItIsBroken() throws {
    let good = try PrivateKey.generate(.p256).der().withUnsafeBytes { Array($0) }
    for count in 0..<good.count {
      #expect(throws: CryptographyError.self) {
        try good.prefix(count).withUnsafeBytes { try PrivateKey(der: $0, form: .pkcs8) }
      }
    }
    #expect(throws: CryptographyError.self) {
      try (good + [0]).withUnsafeBytes { try PrivateKey(der: $0, form: .pkcs8) }
    }
    #expect(throws: CryptographyError.self) {
      try good.withUnsafeBytes { try PrivateKey(der: $0, form: .sec1) }
    }
  }

  @Test func aKeyIsNeverPrinted() throws {
    let key = try PrivateKey.generate(.p256)
    let secret = try key.der()
    for value in [key, secret, [secret], try PEMDocument.all(in: Array(pem(key).utf8))] as [Any] {
      var dumped = ""
      dump(value, to: &dumped)
      let printed = "\(value) \(String(reflecting: value)) \(dumped)"
      #expect(printed.contains("redacted"))
      #expect(!printed.contains(", 48,"))
    }
  }

  @Test func keysOfManyThreadsAreAllDifferent() async throws {
    let keys = try await withThrowingTaskGroup(of: [PublicKey].self) { group in
      for _ in 0..<8 {
        group.addTask { try (0..<200).map { _ in try PrivateKey.generate(.p256).publicKey } }
      }
      return try await group.reduce(into: Set<PublicKey>()) { $0.formUnion($1) }
    }
    #expect(keys.count == 1_600)
  }

  @Test func manyThreadsShareAKey() async throws {
    for kind in [KeyKind.p256, .rsa(bits: 2048), .ed25519] {
      let key = try PrivateKey.generate(kind)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
          group.addTask {
            for round in 0..<20 {
              let message = [UInt8(task), UInt8(round)]
              let isValid = key.publicKey.isValid(try key.sign(message), of: message)
              #expect(isValid)
              _ = try key.der()
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
