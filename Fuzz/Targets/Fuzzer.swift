import Glibc

/// What libFuzzer calls, with the target that `FUZZ_TARGET` names. A target reads bytes as its room reads a stranger's,
/// and ends the program where something that must always hold does not.
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

/// What must always hold.
func require(_ condition: Bool, _ words: @autoclosure () -> String) {
  guard !condition else { return }
  complain("does not hold: \(words())")
  abort()
}

private func complain(_ words: String) {
  let line = words + "\n"
  _ = write(STDERR_FILENO, line, line.utf8.count)
}
