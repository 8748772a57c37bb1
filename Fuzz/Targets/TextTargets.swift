import Cryptography
import JOSE
import YAML

@Sendable func fuzzYAML(_ bytes: [UInt8]) {
  var limits = YAMLLimits()
  limits.depth = 100
  limits.aliasedNodes = 1_000
  if let parser = try? EventParser(bytes, limits: limits) {
    var position = 0
    while let event = try? parser.next() {
      require(event.start.index <= event.end.index, "an event does not end before it starts")
      require(event.end.index >= position, "events stand one after the other")
      position = event.start.index
    }
  }
  guard var reader = try? DocumentReader(String(decoding: bytes, as: UTF8.self), limits: limits) else {
    return
  }
  while let document = try? reader.next() { _ = (document.root.hashValue, document.repeatedKeys.count) }
}

/// Tokens, key sets, and the JSON and Base64 in them. No token is signed with these keys.
@Sendable func fuzzJOSE(_ bytes: [UInt8]) {
  let text = String(decoding: bytes, as: UTF8.self)
  _ = try? StrictJSON(bytes)
  _ = try? JSONWebKeySet(json: bytes)
  if let decoded = Base64URL.decode(bytes) {
    require(Base64URL.encode(decoded) == text, "a Base64 text has one form")
  }
  if let token = try? SignedToken(text), let keys {
    require(
      (try? token.content(signedBy: keys)) == nil, "no token is signed by a key that has signed nothing")
  }
}

private let keys: JSONWebKeySet? = {
  guard let key = try? PrivateKey.generate(.p256), let edwards = try? PrivateKey.generate(.ed25519),
    let one = try? JSONWebKey(id: "a", publicKey: key.publicKey),
    let other = try? JSONWebKey(id: "b", publicKey: edwards.publicKey)
  else { return nil }
  return JSONWebKeySet([one, other])
}()
