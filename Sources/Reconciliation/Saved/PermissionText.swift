import Etcd
import FoundationEssentials
import Keyspace

extension Permission {
  /// The stored bytes in one line: `readwrite BASE64 BASE64`, key and range end; an empty end has no text.
  package var storedText: String {
    "\(access) \(Data(key).base64EncodedString()) \(Data(rangeEnd).base64EncodedString())"
  }

  /// - Returns: nil if it is not such a line.
  package init?(storedText: String) {
    let words = storedText.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard words.count == 3, let access = Access(words[0]), let key = Data(base64Encoded: words[1]),
      let end = Data(base64Encoded: words[2]), !key.isEmpty
    else { return nil }
    self.init(access: access, key: Array(key), rangeEnd: Array(end))
  }
}
