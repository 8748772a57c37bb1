import Cryptography
import JOSE
import Testing

/// Tokens that someone has made to be believed.
@Suite struct HostileTokenTests {
  let key: PrivateKey
  let keys: JSONWebKeySet

  init() throws {
    key = try PrivateKey.generate(.p256)
    keys = JSONWebKeySet([try JSONWebKey(id: "k", publicKey: key.publicKey)])
  }

  private let content = Base64URL.encode(#"{"sub":"root"}"#.utf8)

  /// A token with this head, signed as the key signs.
  private func token(head: String, signedBy other: PrivateKey? = nil) throws -> String {
    let signed = "\(Base64URL.encode(head.utf8)).\(content)"
    let signature = try (other ?? key).signFixedLength(Array(signed.utf8), digest: .sha256)
    return "\(signed).\(Base64URL.encode(signature))"
  }

  @Test func theSameTokenWithoutHarmIsTaken() throws {
    let text = try token(head: #"{"alg":"ES256","kid":"k","typ":"JWT"}"#)
    #expect(try SignedToken(text).content(signedBy: keys) == Array(#"{"sub":"root"}"#.utf8))
  }

  @Test(arguments: [
    "none", "None", "NONE", "HS256", "HS384", "HS512", "PS256", "ES256K", "es256", "", "ES256 ", "RSA1_5",
    "dir",
  ])
  func anotherWayOfSigningCannotBeAskedFor(name: String) throws {
    let text = try token(head: #"{"alg":"\#(name)","kid":"k"}"#)
    #expect(throws: JOSEError.unsupported("the algorithm")) { try SignedToken(text) }
    let unsigned = "\(Base64URL.encode(#"{"alg":"\#(name)","kid":"k"}"#.utf8)).\(content)."
    #expect(throws: JOSEError.self) { try SignedToken(unsigned) }
  }

  /// A verifier that takes the algorithm from the token and the public key for a secret would be fooled.
  @Test func aPublicKeyIsNoSecret() throws {
    let signed = "\(Base64URL.encode(#"{"alg":"HS256","kid":"k"}"#.utf8)).\(content)"
    let pem = try PEM.text("PUBLIC KEY", key.publicKey.subjectPublicKeyInfo)
    let code = try HMACSHA256.code(of: Array(signed.utf8), key: Array(pem.utf8))
    #expect(throws: JOSEError.self) { try SignedToken("\(signed).\(Base64URL.encode(code))") }
  }

  @Test(arguments: [
    #"{"alg":"ES256","kid":"k","crit":["exp"],"exp":1}"#, #"{"alg":"ES256","kid":"k","crit":[]}"#,
    #"{"alg":"ES256","kid":"k","b64":false}"#, #"{"alg":"ES256","kid":"k","b64":false,"crit":["b64"]}"#,
  ])
  func whatMustBeUnderstoodAndIsNotIsRefused(head: String) throws {
    let text = try token(head: head)
    #expect(throws: JOSEError.unsupported("a critical extension")) { try SignedToken(text) }
  }

  @Test(arguments: [
    #"{"alg":"ES256","alg":"none","kid":"k"}"#, #"{"alg":"ES256","kid":"k","kid":"other"}"#,
    #"{"alg":"ES256","\u0061lg":"none","kid":"k"}"#, #"{"alg":["ES256"],"kid":"k"}"#, #"{"kid":"k"}"#,
    #"{"alg":"ES256","kid":7}"#, #"["alg","ES256"]"#, #""ES256""#, "{}", "", "null",
    #"{"alg":"ES256","kid":"k"}x"#, #"{"alg":"ES256","kid":"k",}"#, #"{alg:"ES256"}"#,
    "\u{feff}{\"alg\":\"ES256\",\"kid\":\"k\"}",
  ])
  func aHeadThatCanBeReadInTwoWaysIsRefused(head: String) throws {
    let text = try token(head: head)
    #expect(throws: JOSEError.self) { try SignedToken(text) }
  }

  @Test func base64IsTakenInOneWayOnly() throws {
    let good = try token(head: #"{"alg":"ES256","kid":"k"}"#)
    let parts = good.split(separator: ".").map(String.init)
    for part in 0..<3 {
      for change in ["=", "==", "\n", " ", "+", "/", "%3D", "\u{e9}"] {
        var changed = parts
        changed[part] += change
        #expect(throws: JOSEError.self) { try SignedToken(changed.joined(separator: ".")) }
        changed[part] = change + parts[part]
        #expect(throws: JOSEError.self) { try SignedToken(changed.joined(separator: ".")) }
      }
    }
    // 64 bytes are 86 characters, of which the last has four bits that mean nothing and must be zero.
    let last = try #require(parts[2].last)
    let other = try #require("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".first { $0 != last })
    for character in ["B", "C", "\(other)"] where character != "\(last)" {
      var changed = parts
      changed[2] = parts[2].dropLast() + character
      #expect(throws: JOSEError.self) {
        try SignedToken(changed.joined(separator: ".")).content(signedBy: keys)
      }
    }
  }

  @Test func onlyThreePartsAreAToken() throws {
    let good = try token(head: #"{"alg":"ES256","kid":"k"}"#)
    for text in [
      "", ".", "..", "...", good + ".", "." + good, good + "." + content, String(good.dropLast(88)),
    ] {
      #expect(throws: JOSEError.self) { try SignedToken(text).content(signedBy: keys) }
    }
  }

  @Test func moreThanATokenEverHasIsRefusedUnread() throws {
    let text = String(repeating: "A", count: 1 << 16) + ".A.A"
    #expect(throws: JOSEError.malformed("more than 64 KiB")) { try SignedToken(text) }
  }

  @Test func aSignatureOfAnotherLengthIsNone() throws {
    let good = try token(head: #"{"alg":"ES256","kid":"k"}"#)
    let parts = good.split(separator: ".").map(String.init)
    let signature = try #require(Base64URL.decode(parts[2].utf8))
    // What OpenSSL itself takes is a sequence in DER.
    let inDER = DER.sequence(
      DER.integer(Array(signature.prefix(32))), DER.integer(Array(signature.suffix(32))))
    for changed in [
      [], Array(signature.dropLast()), signature + [0], [0] + signature, inDER,
      [UInt8](repeating: 0, count: 64), [UInt8](repeating: 0xff, count: 64),
      Array(signature.prefix(32)) + [UInt8](repeating: 0, count: 32),
    ] {
      let text = "\(parts[0]).\(parts[1]).\(Base64URL.encode(changed))"
      #expect(throws: JOSEError.notSigned) { try SignedToken(text).content(signedBy: keys) }
    }
  }

  @Test func theTokensWordForItsKeyMustBeTheKeys() throws {
    for name in ["ES384", "ES512", "RS256", "EdDSA"] {
      let text = try token(head: #"{"alg":"\#(name)","kid":"k"}"#)
      #expect(throws: JOSEError.notSigned) { try SignedToken(text).content(signedBy: keys) }
    }
    let other = try token(head: #"{"alg":"ES256","kid":"k"}"#, signedBy: PrivateKey.generate(.p256))
    #expect(throws: JOSEError.notSigned) { try SignedToken(other).content(signedBy: keys) }
    let unknown = try token(head: #"{"alg":"ES256","kid":"other"}"#)
    #expect(throws: JOSEError.notSigned) { try SignedToken(unknown).content(signedBy: keys) }
    let nameless = try token(head: #"{"alg":"ES256"}"#)
    #expect(throws: JOSEError.notSigned) { try SignedToken(nameless).content(signedBy: keys) }
  }

  /// The head may bring a key of its own (`jwk`, `x5c`) or say where one is (`jku`, `x5u`): nobody looks.
  @Test func aKeyThatTheTokenBringsItselfCountsForNothing() throws {
    let own = try PrivateKey.generate(.p256)
    let set = #""jwk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},"jku":"https://evil.example.org/""#
    let text = try token(head: #"{"alg":"ES256","kid":"k",\#(set)}"#, signedBy: own)
    #expect(throws: JOSEError.notSigned) { try SignedToken(text).content(signedBy: keys) }
  }
}
