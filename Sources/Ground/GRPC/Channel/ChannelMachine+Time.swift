/// What a channel does at the end of its turns, and when time passes.
extension ChannelMachine {
  /// Sends what there is to send, tries again what is to be tried again, and asks to be woken in time.
  func flush() {
    repeat {
      let calls = again
      again = []
      for call in calls where !call.isOver { place(call) }
      for link in [current].compactMap({ $0 }) + draining { settle(link) }
    } while !again.isEmpty
    plan()
  }

  func settle(_ link: Link) {
    guard let session = link.session else { return }
    sendAll(of: link)
    if session.isOver {
      lose(link, session.lastWords)
    } else if link.state == .draining, session.isIdle {
      link.state = .over
      draining.removeAll { $0 === link }
      session.terminate()
      sendAll(of: link)
      surroundings.close(link)
    }
  }

  func sendAll(of link: Link) {
    guard let session = link.session else { return }
    while true {
      var bytes: [UInt8] = []
      // What nghttp2 finds wrong here shows in the session's being over.
      do throws(SessionError) { try session.send(into: &bytes, enough: 64 << 10) } catch { return }
      guard !bytes.isEmpty else { return }
      surroundings.send(bytes, over: link)
    }
  }

  func timePassed() {
    nextWake = nil
    if let nextDeadline, now >= nextDeadline { passDeadlines() }
    for link in [current].compactMap({ $0 }) + draining { watch(link) }
    connectIfNeeded()
  }

  func passDeadlines() {
    for call in timed.values {
      guard let deadline = call.deadline, now >= deadline + options.grace else { continue }
      // Perhaps a firewall has forgotten the connection: the next call gets another one.
      if let link = call.silentLink { drain(link) }
      if let pause, current == nil, call.exchange == nil {
        // There was no connection all that time, and why is known.
        giveUp(call, pause.cause)
      } else {
        giveUp(call, Self.late(call, processing: call.processing))
      }
    }
    nextDeadline = timed.values.compactMap(\.deadline).min()
  }

  func watch(_ link: Link) {
    switch link.state {
    case .connecting, .greeting:
      guard now >= link.since + options.connectTimeout else { return }
      lose(link, "no connection within \(options.connectTimeout.words)")
    case .ready, .draining:
      guard !link.isIdle, now >= link.silenceEnds(options) else { return }
      if link.isPinged {
        let silence = Duration.seconds(((now - link.lastLife) / .seconds(1)).rounded())
        lose(link, "no sign of life within \(silence.words)")
      } else {
        link.ping(at: now)
      }
    case .over: break
    }
  }

  /// Asks to be woken at the earliest moment at which there is something to do, unless it will be woken by then anyway.
  func plan() {
    var times = [nextDeadline.map { $0 + options.grace }]
    if current == nil, !waiting.isEmpty { times.append(pause?.until) }
    for link in [current].compactMap({ $0 }) + draining {
      switch link.state {
      case .connecting, .greeting: times.append(link.since + options.connectTimeout)
      case .ready, .draining:
        if !link.isIdle { times.append(link.silenceEnds(options)) }
      case .over: break
      }
    }
    guard let earliest = times.compactMap({ $0 }).min(), earliest < nextWake ?? .now + .seconds(3600) else {
      return
    }
    nextWake = earliest
    surroundings.wake(at: earliest)
  }
}

extension Duration {
  /// As in "8 s" and "0.3 s".
  var words: String {
    let milliseconds = (self / .milliseconds(1)).rounded()
    guard milliseconds.truncatingRemainder(dividingBy: 1_000) == 0 else { return "\(milliseconds / 1_000) s" }
    return "\(Int(milliseconds / 1_000)) s"
  }
}
