/// A concurrency limit and a pause between changes, both adapted to measured latency: how many changes may be
/// in flight, and how long to wait before the next.
///
/// A member applies changes of users and roles one after the other, and everything else waits meanwhile. So
/// the limit keeps the time for all changes in flight below ``waiting``. That is far below the 7 seconds
/// after which etcd gives up on a request without saying whether it is applied (etcd,
/// `server/config/config.go`, `ReqTimeout`), and below what other clients notice. A higher limit would not be
/// faster: the member is busy all the time.
struct ConcurrencyLimit {
  static let largest = 64
  /// How long the changes in flight may keep the cluster busy, and so the longest that a client's request
  /// waits for them.
  static let waiting: Duration = .milliseconds(100)
  /// The longest that a change may take, with all changes in flight before it and the network round trip.
  static let longest: Duration = .seconds(2)
  /// A plain read that takes longer shows an overloaded cluster; Bulkhead then pauses for as long as the read
  /// took.
  static let suffering: Duration = .milliseconds(250)

  private(set) var size = 1
  /// The network round trip and one change: the shortest time seen.
  private var quickest: Duration?
  /// How long to pause after a change before the next one starts.
  private(set) var pause: Duration = .zero

  /// Adapts the limit to a change that was made.
  /// - Parameters:
  ///   - time: From the first attempt to the answer.
  ///   - inFlight: How many changes were in flight when it started, itself included.
  ///   - attempts: The number of attempts: more than one means that an answer was lost, or refused because of
  ///     overload.
  mutating func made(in time: Duration, inFlight: Int, attempts: Int) {
    guard attempts == 1 else {
      size = max(1, size / 2)
      return
    }
    let quickest = min(time, quickest ?? time)
    self.quickest = quickest
    // The time above the shortest is the sum over the changes in flight, so this many would take the longest
    // allowed time.
    var limit = time > .zero ? Double(inFlight) * (Self.longest / time) : Double(Self.largest)
    if time > quickest { limit = min(limit, Double(inFlight) * (Self.waiting / (time - quickest))) }
    size = limit > Double(size) ? min(size + 1, Self.largest) : max(1, Int(limit))
  }

  /// Adapts to a plain read, which shows what other clients notice.
  /// - Parameter time: How long it took; nil if it failed.
  mutating func probed(_ time: Duration?) {
    guard let time else {
      (size, pause) = (1, .seconds(1))
      return
    }
    pause = time > Self.suffering ? min(time, .seconds(2)) : .zero
    if time > Self.suffering { size = max(1, size / 2) }
  }
}
