/// What a channel needs of its surroundings.
protocol ChannelSurroundings: AnyObject {
  /// Begins to connect. The machine is told by ``ChannelMachine/connected(_:)`` or ``ChannelMachine/ended(_:_:)``.
  func connect(_ link: Link)
  func send(_ bytes: [UInt8], over link: Link)
  /// Closes after what was sent, and tells the machine nothing any more.
  func close(_ link: Link)
  /// Calls ``ChannelMachine/timePassed()`` then. An earlier wish is replaced by a later one.
  func wake(at time: ContinuousClock.Instant)
}

/// The calls to one server and the connections that they need, without sockets and with a clock that is told.
///
/// There is one connection for new calls, made when the first call needs it, and any number that the server has said
/// goodbye on and that finish what they have. One thread uses it; after each of its functions, or several, it is asked
/// to ``flush()``.
final class ChannelMachine {
  struct Options {
    /// How long connecting may take, TLS and the server's settings included.
    var connectTimeout: Duration = .seconds(10)
    /// A server that is silent this long, with calls under way, is asked for a sign of life, and given up if none comes.
    /// etcd ends connections that are pinged more often than every five seconds (etcd, `--grpc-keepalive-min-time`).
    var pingAfter: Duration = .seconds(10)
    var pingTimeout: Duration = .seconds(5)
    var pingsApart: Duration = .seconds(6)
    /// Calls with a short timeout shorten both times, to a half and a quarter of theirs, but not below this.
    var leastPatience: Duration = .seconds(1)
    /// How long after a failed attempt to connect the next one follows: from the first to the longest, each double.
    var firstPause: Duration = .milliseconds(200)
    var longestPause: Duration = .seconds(2)
    /// A deadline passes at the server first, which then says more.
    var grace: Duration = .milliseconds(20)
    var session = ClientSession.Options()
  }

  let options: Options
  /// The current time; the caller sets it before each call.
  var now = ContinuousClock.now

  let scheme: String
  let authority: String
  unowned let surroundings: any ChannelSurroundings

  /// For new calls.
  var current: Link?
  var draining: [Link] = []
  /// Calls that wait for a connection.
  var waiting: [Call] = []
  /// Calls that the server surely did not process and that are tried again.
  var again: [Call] = []
  /// Calls with a deadline.
  var timed: [ObjectIdentifier: Call] = [:]
  var nextDeadline: ContinuousClock.Instant?
  var nextWake: ContinuousClock.Instant?
  /// After a failed attempt.
  var pause: (until: ContinuousClock.Instant, length: Duration, cause: GRPCError)?
  var isClosed = false

  init(scheme: String, authority: String, options: Options, surroundings: any ChannelSurroundings) {
    (self.scheme, self.authority, self.options) = (scheme, authority, options)
    self.surroundings = surroundings
  }

  // MARK: - calls

  func start(_ call: Call) {
    guard !call.isOver else { return }
    guard !isClosed else {
      call.end(.failure(GRPCError(.cancelled, "the client is closed", processing: .surelyNot)))
      return
    }
    if let deadline = call.deadline {
      timed[ObjectIdentifier(call)] = call
      nextDeadline = min(nextDeadline ?? deadline, deadline)
    }
    place(call)
  }

  /// The caller no longer waits.
  func cancel(_ call: Call) {
    giveUp(call, GRPCError(.cancelled, "cancelled", processing: call.processing))
  }

  func send(_ framed: [UInt8], isLast: Bool, for call: Call) {
    guard !call.isOver else { return }
    call.send(framed, isLast: isLast)
    if let exchange = call.exchange { call.link?.session?.resume(exchange) }
  }

  /// The caller has taken a message of a stream.
  func taken(messageOf count: Int, by call: Call) {
    guard let exchange = call.exchange else { return }
    call.link?.session?.release(exchange.taken(messageOf: count), of: exchange)
  }

  /// The caller waits for the next message of a stream.
  func waitsForMessage(_ call: Call) {
    guard let exchange = call.exchange else {
      call.isWaitedFor = true
      return
    }
    call.link?.session?.release(exchange.waitsForMessage(), of: exchange)
  }

  /// Ends everything.
  func close() {
    isClosed = true
    let error = GRPCError(.cancelled, "the client is closed", processing: .maybe)
    for link in [current].compactMap({ $0 }) + draining {
      let session = link.session
      link.state = .over
      session?.terminate()
      sendAll(of: link)
      surroundings.close(link)
      session?.fail(error.message, cause: error.cause)
    }
    (current, draining, pause) = (nil, [], nil)
    failWaiting(GRPCError(.cancelled, error.message, processing: .surelyNot))
  }

  func place(_ call: Call) {
    if let current, current.state == .ready, let session = current.session {
      start(call, on: current, session)
      return
    }
    waiting.append(call)
    connectIfNeeded()
  }

  func start(_ call: Call, on link: Link, _ session: ClientSession) {
    let remaining = remaining(of: call)
    link.begins(callWithin: remaining, at: now)
    let exchange = call.nextTry(
      on: link, limit: options.session.messageLimit, remaining: remaining
    ) { [unowned self, unowned link] result in ended(call, on: link, result) }
    do throws(SessionError) {
      try session.start(exchange)
    } catch {
      // Such as the last of the stream numbers: another connection has them all.
      drain(link)
      tryAgain(call)
    }
  }

  /// The whole of the time while little of it has passed: then every call has the same header, which HTTP/2 sends as a
  /// number.
  func remaining(of call: Call) -> Duration? {
    guard let deadline = call.deadline, let timeout = call.request.timeout else { return nil }
    let left = deadline - now
    return timeout - left < .milliseconds(10) ? timeout : left
  }

  func ended(_ call: Call, on link: Link, _ result: Result<[UInt8], GRPCError>) {
    var result = result
    switch result {
    case .success: link.hasServed = true
    case .failure(let error):
      if error.processing == .answered { link.hasServed = true }
      let isLate = call.deadline.map { now >= $0 } ?? false
      if !isClosed, !isLate, call.mayBeTriedAgain(after: error, isLost: link.state == .over) {
        return tryAgain(call, isInDoubt: error.processing == .maybe)
      }
      // A server that finds a deadline passed may say so or just break off.
      if error.processing == .maybe, isLate { result = .failure(Self.late(call, processing: .maybe)) }
    }
    end(call, result)
  }

  func tryAgain(_ call: Call, isInDoubt: Bool = false) {
    call.leaveTry(isInDoubt: isInDoubt)
    again.append(call)
  }

  func end(_ call: Call, _ result: Result<[UInt8], GRPCError>) {
    if call.deadline != nil { timed[ObjectIdentifier(call)] = nil }
    call.end(result)
  }

  func giveUp(_ call: Call, _ error: GRPCError) {
    guard !call.isOver else { return }
    if let exchange = call.exchange, let session = call.link?.session {
      session.giveUp(exchange)
    } else {
      waiting.removeAll { $0 === call }
    }
    again.removeAll { $0 === call }
    end(call, .failure(error))
  }

  static func late(_ call: Call, processing: GRPCError.Processing) -> GRPCError {
    let time = call.request.timeout.map { " within \($0.words)" } ?? ""
    return GRPCError(.deadlineExceeded, "no answer\(time)", processing: processing)
  }
}
