import Network

extension NetworkError {
  /// Why an address cannot be listened on, for a message that names the address.
  package var listenReason: String {
    switch self {
    case .addressInUse: "address already in use"
    case .cannotListen(_, let reason), .nameUnknown(_, let reason), .system(_, let reason): reason
    default: "\(self)"
    }
  }
}
