/// The connections of a channel.
extension ChannelMachine {
  /// The connection stands, with TLS if it is to have any.
  func connected(_ link: Link) {
    guard link.state == .connecting else { return }
    link.state = .greeting
    do throws(SessionError) {
      link.session = try ClientSession(scheme: scheme, authority: authority, options: options.session)
    } catch { lose(link, error.description) }
  }

  /// Bytes of the server have come.
  func received(_ bytes: UnsafeRawBufferPointer, over link: Link) {
    guard let session = link.session, link.state != .over else { return }
    link.showsLife(at: now)
    do throws(SessionError) {
      try session.receive(bytes)
    } catch {
      sendAll(of: link)
      return lose(link, error.description)
    }
    if session.isReady, link.state == .greeting { welcome(link, session) }
    if session.goAway != nil { drain(link) }
  }

  /// The connection has ended or was never made.
  func ended(_ link: Link, _ error: GRPCError) {
    guard link.state != .over else { return }
    lose(link, error)
  }

  func connectIfNeeded() {
    guard current == nil, !waiting.isEmpty, !isClosed else { return }
    if let pause, now < pause.until { return }
    let link = Link(now: now)
    current = link
    surroundings.connect(link)
  }

  func welcome(_ link: Link, _ session: ClientSession) {
    link.state = .ready
    let calls = waiting
    waiting = []
    for call in calls where !call.isOver { start(call, on: link, session) }
  }

  func drain(_ link: Link) {
    guard link === current else { return }
    link.state = .draining
    current = nil
    draining.append(link)
  }

  func lose(_ link: Link, _ words: String) {
    let words = link.session?.goAway.map { "\(words), after the server said: \($0.words)" } ?? words
    lose(link, GRPCError(.unavailable, words, processing: .surelyNot))
  }

  /// The end of a connection. What was not sent goes to the next one; if there never was one, it fails with the reason.
  func lose(_ link: Link, _ error: GRPCError) {
    let wasReady = link.state == .ready || link.state == .draining
    link.state = .over
    surroundings.close(link)
    draining.removeAll { $0 === link }
    if link === current {
      current = nil
      if wasReady && link.hasServed { pause = nil } else { rest(after: error) }
    }
    link.session?.fail(error.message, cause: error.cause)
    if !wasReady { failWaiting(error) }
  }

  func failWaiting(_ error: GRPCError) {
    let calls = waiting + again
    (waiting, again) = ([], [])
    for call in calls where !call.isOver { end(call, .failure(error)) }
  }

  func rest(after error: GRPCError) {
    let length = pause.map { min($0.length * 2, options.longestPause) } ?? options.firstPause
    // Clients that lost the same server do not come back at the same moment.
    pause = (now + length * Double.random(in: 0.8...1.2), length, error)
  }
}
