import Arguments

/// Whether the file replaces other files that were applied to the same etcd.
struct TakeOverOption: ParsableArguments {
  @Flag(
    help: """
      Take over the users and roles of other files on this etcd that manage a user or role that this file names: they \
      are then kept as this file says, and deleted where it does not name them.
      """)
  var takeOver = false
}
