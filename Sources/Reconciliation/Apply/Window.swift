/// How many changes may be under way at a time, and how long to rest between them.
///
/// Changes of users and roles are made one after the other by the member that applies them, and everything else
/// waits meanwhile. So what is under way is kept short of ``waiting``, far from the 7 seconds after which etcd gives
/// up on a request without saying whether it happens (etcd, `server/config/config.go`, `ReqTimeout`), and from what
/// other clients notice. More under way would not be made sooner: the member is busy all the time as it is.
struct Window {
  static let largest = 64
  /// How long the cluster may be busy with what is under way, and so how long a client's request may have to wait.
  static let waiting: Duration = .milliseconds(100)
  /// How long a change may take with all that is under way before it, the way there and back included.
  static let longest: Duration = .seconds(2)
  /// A plain read that takes longer says that the cluster suffers, and is given as long to rest.
  static let suffering: Duration = .milliseconds(250)

  private(set) var size = 1
  /// The way to the cluster and back, and a change: what one takes however few are under way.
  private var quickest: Duration?
  /// How long to wait after a change before the next is begun.
  private(set) var rest: Duration = .zero

  /// A change was made.
  /// - Parameters:
  ///   - time: From its beginning to its answer.
  ///   - inHand: How many were under way when it was begun, itself included.
  ///   - sendings: How often it was sent: more than once means that an answer was lost or refused for load.
  mutating func made(in time: Duration, inHand: Int, sendings: Int) {
    guard sendings == 1 else {
      size = max(1, size / 2)
      return
    }
    let quickest = min(time, quickest ?? time)
    self.quickest = quickest
    // The rest of the time is the sum of what was under way, so this many would take as long as they may.
    var limit = time > .zero ? Double(inHand) * (Self.longest / time) : Double(Self.largest)
    if time > quickest { limit = min(limit, Double(inHand) * (Self.waiting / (time - quickest))) }
    size = limit > Double(size) ? min(size + 1, Self.largest) : max(1, Int(limit))
  }

  /// A plain read was answered, or not: what other clients see.
  mutating func probed(_ time: Duration?) {
    guard let time else {
      (size, rest) = (1, .seconds(1))
      return
    }
    rest = time > Self.suffering ? min(time, .seconds(2)) : .zero
    if time > Self.suffering { size = max(1, size / 2) }
  }
}
