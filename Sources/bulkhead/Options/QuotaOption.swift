import Arguments

/// The quota of members that do not publish it.
struct QuotaOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The members' --quota-backend-bytes, where their client URL publishes no metrics; 2147483648 is etcd's default.",
      valueName: "bytes"))
  var quota: Int?

  func validate() throws {
    guard quota.map({ $0 >= 0 }) ?? true else { throw ValidationError("--quota takes 0 or more bytes") }
  }

  /// nil if it is not given; 0 for no limit.
  var bytes: Int64? { quota.map(Int64.init) }
}
