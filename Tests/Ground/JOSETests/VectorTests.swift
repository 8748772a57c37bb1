import Cryptography
import JOSE
import Testing

/// The examples of RFC 7515, appendix A, and RFC 8037, appendix A.
@Suite struct VectorTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let name: String
    let key: String
    let token: String
    let content: String

    var testDescription: String { name }
  }

  static let claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"

  static let vectors = [
    Vector(
      name: "RFC 7515, A.2 (RS256)",
      key: """
        {"kty":"RSA","e":"AQAB","n":"\
        ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF\
        d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo\
        7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkM\
        Ls91kzk2PAcDTW9gb54h4FRWyuXpoQ"}
        """,
      token: """
        eyJhbGciOiJSUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdb\
        F9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383\
        LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWy\
        wlVmtVrBp0igcN_IoypGlUPQGe77Rw
        """, content: claims),
    Vector(
      name: "RFC 7515, A.3 (ES256)",
      key: """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """,
      token: """
        eyJhbGciOiJFUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
        """, content: claims),
    Vector(
      name: "RFC 7515, A.4 (ES512)",
      key: """
        {"kty":"EC","crv":"P-521","x":"\
        AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",\
        "y":"ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2"}
        """,
      token: """
        eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-\
        KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn
        """, content: "Payload"),
    Vector(
      name: "RFC 8037, A.4 (EdDSA)",
      key: """
        {"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
        """,
      token: """
        eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
        hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg
        """, content: "Example of Ed25519 signing"),
  ]

  @Test(arguments: vectors) func everyExampleIsVerified(vector: Vector) throws {
    let set = try JSONWebKeySet(json: Array("{\"keys\":[\(vector.key)]}".utf8))
    let key = try #require(set.keys.first)
    let token = try SignedToken(vector.token)
    #expect(token.algorithm == key.algorithm)
    #expect(token.keyID == nil)
    #expect(String(decoding: try token.content(signedBy: key), as: UTF8.self) == vector.content)
    // The examples name no key, so a set has none for them.
    #expect(throws: JOSEError.notSigned) { try token.content(signedBy: set) }
  }

  @Test(arguments: vectors) func noExampleIsVerifiedByTheKeyOfAnother(vector: Vector) throws {
    let token = try SignedToken(vector.token)
    for other in Self.vectors where other.key != vector.key {
      let set = try JSONWebKeySet(json: Array("{\"keys\":[\(other.key)]}".utf8))
      let key = try #require(set.keys.first)
      #expect(throws: JOSEError.notSigned) { try token.content(signedBy: key) }
    }
  }

  @Test(arguments: vectors) func everyChangedBitIsSeen(vector: Vector) throws {
    let set = try JSONWebKeySet(json: Array("{\"keys\":[\(vector.key)]}".utf8))
    let key = try #require(set.keys.first)
    let parts = vector.token.split(separator: ".").map(String.init)
    for part in 1...2 {
      let bytes = try #require(Base64URL.decode(parts[part].utf8))
      for index in stride(from: 0, to: bytes.count, by: 7) {
        var changed = bytes
        changed[index] ^= 1
        var text = parts
        text[part] = Base64URL.encode(changed)
        let token = try SignedToken(text.joined(separator: "."))
        #expect(throws: JOSEError.notSigned) { try token.content(signedBy: key) }
      }
    }
  }
}
