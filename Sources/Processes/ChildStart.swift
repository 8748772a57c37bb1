internal import CSpawn
import Glibc

/// How a child process begins: `posix_spawn` with its attributes and file actions.
struct ChildStart: ~Copyable {
  private var actions = posix_spawn_file_actions_t()
  private var attributes = posix_spawnattr_t()

  init() throws(ChildProcess.StartFailure) {
    try Self.check(posix_spawn_file_actions_init(&actions))
    try Self.check(posix_spawnattr_init(&attributes))
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    try Self.check(posix_spawnattr_setsigmask(&attributes, &none))
    try Self.check(posix_spawnattr_setsigdefault(&attributes, &all))
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    try Self.check(posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags)))
  }

  deinit {
    var actions = actions
    var attributes = attributes
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
  }

  /// The child's standard input, output and error; it has no other files.
  mutating func files(_ files: [ChildProcess.File]) throws(ChildProcess.StartFailure) {
    // First away from the numbers 0 to 2, where one would replace another that is still to be taken.
    let aside =
      1
      + files.reduce(2) { most, file in
        if case .descriptor(let descriptor) = file { max(most, descriptor) } else { most }
      }
    for (number, file) in files.enumerated() {
      let place = aside + Int32(number)
      switch file {
      case .null:
        try Self.check(
          posix_spawn_file_actions_addopen(&actions, place, "/dev/null", number == 0 ? O_RDONLY : O_WRONLY, 0)
        )
      case .descriptor(let descriptor):
        try Self.check(posix_spawn_file_actions_adddup2(&actions, descriptor, place))
      }
    }
    for number in files.indices {
      try Self.check(posix_spawn_file_actions_adddup2(&actions, aside + Int32(number), Int32(number)))
    }
    try Self.check(posix_spawn_file_actions_addclosefrom_np(&actions, Int32(files.count)))
  }

  mutating func folder(_ path: String) throws(ChildProcess.StartFailure) {
    try Self.check(posix_spawn_file_actions_addchdir_np(&actions, path))
  }

  mutating func run(
    _ words: [String], environment: [String: String]?
  ) throws(ChildProcess.StartFailure) -> Int32 {
    let pairs = environment?.map { "\($0.key)=\($0.value)" }.sorted()
    // A NUL would cut the word.
    guard let program = words.first, !(words + (pairs ?? [])).contains(where: { $0.utf8.contains(0) }) else {
      throw ChildProcess.StartFailure(description: "Invalid argument")
    }
    var id: Int32 = 0
    let code = CStrings(words).lend { arguments in
      guard let pairs else {
        return posix_spawn(&id, program, &actions, &attributes, arguments, shim_environment())
      }
      return CStrings(pairs).lend { posix_spawn(&id, program, &actions, &attributes, arguments, $0) }
    }
    try Self.check(code)
    return id
  }

  private static func check(_ code: Int32) throws(ChildProcess.StartFailure) {
    guard code != 0 else { return }
    throw ChildProcess.StartFailure(
      description: strerror(code).map { String(cString: $0) } ?? "error \(code)")
  }
}

/// Words as C's functions take them: an array of pointers with a null one at its end.
private struct CStrings: ~Copyable {
  private let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
  private let count: Int

  init(_ words: [String]) {
    count = words.count
    pointers = .allocate(capacity: words.count + 1)
    for (index, word) in words.enumerated() { (pointers + index).initialize(to: strdup(word)) }
    (pointers + words.count).initialize(to: nil)
  }

  /// Lends the pointers for the time of the call.
  borrowing func lend<Result>(
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result { body(pointers) }

  deinit {
    for index in 0..<count { free(pointers[index]) }
    pointers.deallocate()
  }
}
