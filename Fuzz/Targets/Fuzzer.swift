import Glibc

/// The fuzz targets by name; the environment variable `FUZZ_TARGET` selects one. A target passes bytes to its room as
/// untrusted input, and aborts the program if an invariant does not hold.
private let targets: [String: @Sendable ([UInt8]) -> Void] = [
  "yaml": fuzzYAML,
  "certificate": fuzzCertificate,
  "request": fuzzRequest,
  "revocation-list": fuzzRevocationList,
  "pem": fuzzPEM,
  "tls": fuzzTLS,
  "jose": fuzzJOSE,
  "protobuf": fuzzProtobuf,
  "http-request": fuzzHTTPRequest,
  "http-response": fuzzHTTPResponse,
  "grpc": fuzzGRPC,
]

private let target: @Sendable ([UInt8]) -> Void = {
  guard let name = getenv("FUZZ_TARGET").map({ String(cString: $0) }), let target = targets[name] else {
    complain("FUZZ_TARGET must be one of \(targets.keys.sorted().joined(separator: ", "))")
    exit(64)
  }
  return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}

/// Checks an invariant.
func require(_ condition: Bool, _ words: @autoclosure () -> String) {
  guard !condition else { return }
  complain("does not hold: \(words())")
  abort()
}

private func complain(_ words: String) {
  let line = words + "\n"
  _ = write(STDERR_FILENO, line, line.utf8.count)
}
