import Cryptography
import JOSE
import Testing

@Suite struct KeySetTests {
  private func keys(_ members: String...) throws -> [JSONWebKey] {
    try JSONWebKeySet(json: Array("{\"keys\":[\(members.joined(separator: ","))]}".utf8)).keys
  }

  private let good =
    #""kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0""#

  @Test func everyKindOfKeyVerifiesWhatItSigned() throws {
    let kinds: [(KeyKind, [SignatureAlgorithm])] = [
      (.p256, [.es256]), (.p384, [.es384]), (.p521, [.es512]), (.ed25519, [.edDSA]),
      (.rsa(bits: 2048), [.rs256, .rs384, .rs512]),
    ]
    for (kind, algorithms) in kinds {
      let key = try PrivateKey.generate(kind)
      for algorithm in SignatureAlgorithm.allCases {
        guard algorithms.contains(algorithm) else {
          #expect(throws: JOSEError.self) {
            try JSONWebKey(id: "k", algorithm: algorithm, publicKey: key.publicKey)
          }
          #expect(throws: JOSEError.self) { try SignedToken.sign([1], with: key, algorithm: algorithm) }
          continue
        }
        let text = try SignedToken.sign(Array("{}".utf8), with: key, algorithm: algorithm, keyID: "a \"b\"\n")
        let token = try SignedToken(text)
        #expect(token.algorithm == algorithm)
        #expect(token.keyID == "a \"b\"\n")
        let set = JSONWebKeySet([
          try JSONWebKey(id: "a \"b\"\n", algorithm: algorithm, publicKey: key.publicKey)
        ])
        #expect(try token.content(signedBy: set) == Array("{}".utf8))
      }
    }
  }

  @Test func whatIsNoKeyForSignaturesIsPassedOver() throws {
    let others = [
      #"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#, #"{"kty":"oct","alg":"HS256","k":"c2VjcmV0"}"#,
      #"{\#(good),"use":"enc"}"#, #"{\#(good),"key_ops":["sign"]}"#, #"{\#(good),"alg":"ES384"}"#,
      #"{\#(good),"alg":"none"}"#, #"{\#(good),"alg":7}"#,
      #"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
      #"{"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#, "7", "null", "{}",
      #"{"kty":"EC"}"#,
    ]
    for other in others { #expect(try keys(other).isEmpty, "\(other)") }
    let set = try keys(#"{\#(good),"kid":"1","use":"sig"}"#, #"{\#(good),"kid":"2","alg":"ES256"}"#, "{}")
    #expect(set.map(\.id) == ["1", "2"])
    #expect(set.map(\.algorithm) == [.es256, .es256])
  }

  @Test func numbersThatMakeNoKeyArePassedOver() throws {
    let x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
    let y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
    let zero = Base64URL.encode([UInt8](repeating: 0, count: 32))
    let long = Base64URL.encode([0] + (Base64URL.decode(x.utf8) ?? []))
    for (x, y) in [
      (y, x), (x, x), (zero, zero), (x, ""), ("", y), (long, y), (x + "=", y), (String(x.dropLast(4)), y),
    ] {
      #expect(try keys(#"{"kty":"EC","crv":"P-256","x":"\#(x)","y":"\#(y)"}"#).isEmpty, "\(x) \(y)")
    }
    func modulus(_ count: Int, first: UInt8 = 0xc0, last: UInt8 = 1) -> String {
      Base64URL.encode([first] + [UInt8](repeating: 0x5a, count: count - 2) + [last])
    }
    for (n, e) in [
      (modulus(128), "AQAB"), (modulus(255), "AQAB"), (modulus(256, first: 0x40), "AQAB"),
      (modulus(2048), "AQAB"), (modulus(256), "AQ"), (modulus(256), "Ag"), (modulus(256), ""),
      (modulus(256), Base64URL.encode([UInt8](repeating: 3, count: 9))), ("", "AQAB"),
    ] {
      #expect(try keys(#"{"kty":"RSA","n":"\#(n)","e":"\#(e)"}"#).isEmpty, "\(n.count) \(e)")
    }
    #expect(try keys(#"{"kty":"RSA","n":"\#(modulus(256))","e":"AQAB"}"#).count == 1)
    for count in [0, 31, 33] {
      let x = Base64URL.encode([UInt8](repeating: 1, count: count))
      #expect(try keys(#"{"kty":"OKP","crv":"Ed25519","x":"\#(x)"}"#).isEmpty)
    }
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[{"kty":"EC","kty":"RSA"}]}"#, #"{"keys":[],"keys":[]}"#,
    #"{"keys":[]} x"#, "{\"keys\":[\u{0}]}",
  ])
  func whatIsNoSetIsRefused(text: String) {
    #expect(throws: JOSEError.self) { try JSONWebKeySet(json: Array(text.utf8)) }
  }
}
