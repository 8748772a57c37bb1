/// What Bulkhead accepts as the name of an etcd user that is also a certificate's Common Name.
public enum UserName {
  /// Why a name will not do; nil if it will.
  ///
  /// etcd compares the Common Name with the user byte by byte and trims nothing (etcd, `server/auth/store.go`,
  /// `AuthInfoFromTLS`); X.520 allows a Common Name 64 characters.
  public static func problem(with name: String) -> (message: String, hint: String)? {
    if name == "root" {
      return (
        "the user 'root' is etcd's administrator and cannot be segmented",
        "give this identity a name of its own; Bulkhead manages 'root' by itself"
      )
    }
    if name.count > 64 {
      return ("the user '\(name)' has \(name.count) characters", "a certificate's Common Name has at most 64")
    }
    if name.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
      return ("the user name holds a control character", "use letters, digits, '-', '.', ':' and '_'")
    }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      return (
        "the user '\(name)' begins or ends with a blank", "etcd does not trim names: take the blank away"
      )
    }
    return nil
  }
}
