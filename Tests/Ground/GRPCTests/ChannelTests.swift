import Testing

@testable import GRPC

@Suite("A channel without a network")
struct ChannelTests {
  @Test("connects for the first call, which is sent when the server's settings have come")
  func firstCall() {
    let server = FakeServer()
    #expect(server.links.isEmpty)
    let (one, two) = (server.start(), server.start())
    #expect(server.links.count == 1)
    server.machine.connected(server.last)
    server.machine.flush()
    #expect(server.frames().map(\.kind) == [.settings, .windowUpdate])
    server.receive(.settings())
    #expect(server.frames().filter { $0.kind == .headers }.count == 2)
    server.answer(two)
    server.answer(one)
    #expect(one.answer == [7] && two.answer == [7])
    server.answer(server.start())
    #expect(server.links.count == 1)
  }

  @Test("calls that wait for a connection that fails are surely not processed, and learn why")
  func refused() {
    let server = FakeServer()
    let calls = [server.start(), server.start()]
    server.lose(nil, "connection refused by 127.0.0.1:1")
    for call in calls {
      #expect(
        call.error
          == GRPCError(.unavailable, "connection refused by 127.0.0.1:1", processing: .surelyNot))
    }
  }

  @Test("the next attempt to connect follows after a pause, which grows to its longest")
  func pauses() {
    let server = FakeServer()
    var before = server.elapsed
    var pauses: [Duration] = []
    for number in 1...7 {
      let call = server.start()
      server.pass(.seconds(3))
      #expect(server.links.count == number)
      pauses.append(server.last.since - server.start - before)
      server.lose()
      before = server.elapsed
      #expect(call.error != nil)
    }
    #expect(pauses[0] == .zero)
    for (pause, expected) in zip(pauses.dropFirst(), [0.2, 0.4, 0.8, 1.6, 2, 2]) {
      #expect((expected * 0.79...expected * 1.21).contains(pause / .seconds(1)), "\(pauses)")
    }
    let early = server.start()
    #expect(server.links.count == 7 && early.results.isEmpty)
    server.pass(.seconds(2.5))
    #expect(server.links.count == 8)
    server.accept()
    server.answer(early)
    #expect(early.answer == [7])
    // A connection that was of use is replaced at once.
    server.lose()
    _ = server.start()
    #expect(server.links.count == 9)
  }

  @Test("a server that takes connections and drops them is not asked all the time")
  func dropping() {
    let server = FakeServer()
    for _ in 0..<1_000 {
      _ = server.start(timeout: .seconds(1))
      if server.last.state == .connecting { server.accept() }
      if server.last.state == .ready { server.lose() }
      server.pass(.milliseconds(10))
    }
    #expect(server.links.count < 15)
  }

  @Test("a deadline passes while connecting, while waiting for the next attempt, and at the server")
  func deadlines() {
    let server = FakeServer()
    let connecting = server.start(timeout: .milliseconds(300))
    server.pass(.milliseconds(290))
    #expect(connecting.results.isEmpty)
    server.pass(.milliseconds(40))
    #expect(
      connecting.error == GRPCError(.deadlineExceeded, "no answer within 0.3 s", processing: .surelyNot))
    server.lose(nil, "connection refused")
    let waiting = server.start(timeout: .milliseconds(50))
    server.pass(.milliseconds(100))
    #expect(waiting.error == GRPCError(.unavailable, "connection refused", processing: .surelyNot))
    server.pass(.seconds(1))
    let sent = server.start(timeout: .seconds(1))
    server.accept()
    _ = server.frames()
    server.pass(.seconds(1.1))
    #expect(sent.error?.status == .deadlineExceeded && sent.error?.processing == .maybe)
    #expect(server.frames().contains { $0.kind == .reset })
    // What breaks off at its deadline is late, whatever the server says.
    let broken = server.start(timeout: .seconds(1))
    server.accept()
    let stream = broken.stream
    server.pass(.seconds(1))
    server.receive(.reset(8, stream: stream))
    #expect(broken.error?.status == .deadlineExceeded)
  }

  @Test("a call that is cancelled ends at once, before it is sent and after")
  func cancelled() {
    let server = FakeServer()
    let waiting = server.start()
    server.machine.cancel(waiting.call)
    #expect(waiting.error == GRPCError(.cancelled, "cancelled", processing: .surelyNot))
    server.accept()
    #expect(!server.frames().contains { $0.kind == .headers })
    let sent = server.start()
    server.machine.cancel(sent.call)
    server.machine.flush()
    #expect(sent.error == GRPCError(.cancelled, "cancelled", processing: .maybe))
    #expect(server.frames().contains { $0.kind == .reset })
    server.machine.cancel(sent.call)
    #expect(sent.results.count == 1)
  }

  @Test("what GOAWAY leaves out goes to a new connection, what it covers ends on the old one")
  func goAway() {
    let server = FakeServer()
    let calls = (0..<4).map { _ in server.start() }
    server.accept()
    let first = server.last
    server.receive(.goAway(last: UInt32(calls[1].stream)))
    #expect(server.links.count == 2)
    server.accept()
    for call in calls[..<2] { server.answer(call, over: first) }
    #expect(server.closed.contains { $0 === first })
    for call in calls[2...] { server.answer(call) }
    for call in calls { #expect(call.answer == [7]) }
  }

  @Test("a call that is refused again and again is told in the end")
  func refusedStreams() {
    let server = FakeServer()
    let call = server.start()
    server.accept()
    for _ in 0..<10 where call.results.isEmpty { server.receive(.reset(7, stream: call.stream)) }
    #expect(call.error?.processing == .surelyNot)
    #expect(call.call.tries == 4)
  }

  @Test("a connection that ends leaves the calls that were sent in doubt")
  func lost() {
    let server = FakeServer()
    let call = server.start()
    server.accept()
    server.lose()
    #expect(call.error == GRPCError(.unavailable, "the peer reset the connection", processing: .maybe))
  }

  @Test("a silent server is asked for a sign of life while calls wait, and then given up")
  func keepAlive() {
    let server = FakeServer()
    let early = server.start(timeout: nil)
    server.accept()
    server.answer(early)
    _ = server.frames()
    server.pass(.seconds(60))
    #expect(!server.frames().contains { $0.kind == .ping })
    let call = server.start(timeout: nil)
    server.pass(.seconds(9.9))
    #expect(!server.frames().contains { $0.kind == .ping })
    server.pass(.seconds(0.2))
    let ping = server.frames().first { $0.kind == .ping }
    #expect(ping != nil)
    server.receive(Frame(.ping, flags: Frame.acknowledgement, ping?.payload ?? []))
    server.pass(.seconds(9.9))
    #expect(call.results.isEmpty && !server.frames().contains { $0.kind == .ping })
    server.pass(.seconds(5.5))
    #expect(
      call.error == GRPCError(.unavailable, "no sign of life within 15 s", processing: .maybe))
    #expect(server.closed.count == 1)
  }

  /// As when a firewall has forgotten it.
  @Test("a connection that died silently costs a call that may be repeated nothing but time")
  func diedSilently() {
    let server = FakeServer()
    let early = server.start()
    server.accept()
    server.answer(early)
    server.pass(.seconds(600))
    let dead = server.last
    _ = server.frames()
    let read = server.start(timeout: .seconds(8), isRepeatable: true)
    let write = server.start(timeout: .seconds(8))
    server.pass(.seconds(3.9))
    #expect(!server.frames().contains { $0.kind == .ping })
    server.pass(.seconds(0.2))
    #expect(server.frames().contains { $0.kind == .ping })
    server.pass(.seconds(2))
    #expect(write.error == GRPCError(.unavailable, "no sign of life within 6 s", processing: .maybe))
    #expect(read.results.isEmpty && server.closed.contains { $0 === dead } && server.links.count == 2)
    server.accept()
    server.answer(read)
    #expect(read.answer == [7])
  }

  @Test("a call is repeated once, and is in doubt however it ends then")
  func repeatedOnce() {
    for isConnected in [false, true] {
      let server = FakeServer()
      let call = server.start(isRepeatable: true)
      server.accept()
      server.lose()
      #expect(call.results.isEmpty)
      server.pass(.seconds(1))
      #expect(server.links.count == 2)
      if isConnected { server.accept() }
      server.lose(nil, "gone")
      #expect(call.error == GRPCError(.unavailable, "gone", processing: .maybe))
    }
    // The call is repeated, so that answer does not count.
    let server = FakeServer()
    let refused = server.start(isRepeatable: true)
    server.accept()
    server.receive(.answer(stream: refused.stream), .trailers(14, message: "no", stream: refused.stream))
    #expect(refused.error == GRPCError(.unavailable, "no", processing: .answered))
  }

  @Test("after a deadline without any sign of life the next call gets another connection")
  func silentUntilTheDeadline() {
    let server = FakeServer()
    // Calls that are in flight at the end are ended, so that they own nothing.
    defer { server.machine.close() }
    let late = server.start(timeout: .milliseconds(500))
    server.accept()
    server.pass(.seconds(0.6))
    #expect(late.error?.status == .deadlineExceeded)
    let next = server.start(timeout: .milliseconds(500))
    #expect(server.links.count == 2 && server.closed.count == 1)
    server.accept()
    // This one answers others, so it lives.
    server.answer(server.start())
    server.pass(.seconds(0.6))
    #expect(next.error?.status == .deadlineExceeded)
    _ = server.start()
    #expect(server.links.count == 2)
  }

  /// etcd counts pings that follow each other too fast, and ends the connection.
  @Test("pings are at least six seconds apart, however many calls wait")
  func pingsApart() {
    let server = FakeServer()
    // Calls that are in flight at the end are ended, so that they own nothing.
    defer { server.machine.close() }
    _ = server.start(timeout: nil)
    server.accept()
    var pings: [Duration] = []
    for step in 0..<600 {
      if step.isMultiple(of: 10) { _ = server.start(timeout: .seconds(8)) }
      server.pass(.milliseconds(100))
      for ping in server.frames() where ping.kind == .ping {
        pings.append(server.elapsed)
        server.receive(Frame(.ping, flags: Frame.acknowledgement, ping.payload))
      }
    }
    #expect(server.links.count == 1 && pings.count > 5)
    for (one, next) in zip(pings, pings.dropFirst()) { #expect(next - one >= .seconds(5.8)) }
  }

  @Test("a call that was refused and waits for its next connection was surely not processed")
  func lateBetweenConnections() {
    let server = FakeServer()
    let call = server.start(timeout: .seconds(1))
    server.accept()
    server.receive(.goAway(last: 0))
    #expect(call.results.isEmpty && server.links.count == 2)
    server.pass(.seconds(1.1))
    #expect(
      call.error == GRPCError(.deadlineExceeded, "no answer within 1 s", processing: .surelyNot))
    #expect(server.machine.waiting.isEmpty)
  }

  @Test("a server that does not send its settings is given up, and one that does not take the connection")
  func connectTimeouts() {
    for isConnected in [false, true] {
      let server = FakeServer()
      let call = server.start()
      if isConnected { server.machine.connected(server.last) }
      server.pass(.seconds(10.1))
      #expect(call.error == GRPCError(.unavailable, "no connection within 10 s", processing: .surelyNot))
    }
  }

  @Test("what is closed ends its calls and takes none")
  func closed() {
    let server = FakeServer()
    let sent = server.start()
    server.accept()
    server.machine.close()
    let late = server.start()
    #expect(sent.error != nil && late.error?.status == .cancelled)
    #expect(server.frames().contains { $0.kind == .goAway })
  }

  @Test("whatever happens, every call ends once and says what may have become of it")
  func random() {
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(state: seed)
    for _ in 0..<300 {
      let server = FakeServer()
      var calls: [FakeServer.Outcome] = []
      for _ in 0..<60 {
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1, 2:
          calls.append(
            server.start(
              timeout: .milliseconds(.random(in: 1...3_000, using: &random)),
              isRepeatable: .random(using: &random)))
        case 3: if let link = server.links.last, link.state == .connecting { server.accept(link) }
        case 4:
          if let link = server.links.randomElement(using: &random) { server.lose(link) }
        case 5:
          if let call = calls.randomElement(using: &random), let link = call.call.link, call.stream > 0 {
            server.answer(call, over: link)
          }
        case 6: if let call = calls.randomElement(using: &random) { server.machine.cancel(call.call) }
        case 7:
          if let link = server.links.randomElement(using: &random), link.session != nil {
            server.receive(.goAway(last: UInt32.random(in: 0...9, using: &random)), over: link)
          }
        default: server.pass(.milliseconds(.random(in: 1...800, using: &random)))
        }
        server.machine.flush()
      }
      server.pass(.seconds(30))
      for call in calls { #expect(call.results.count == 1, "seed \(seed)") }
      server.machine.close()
    }
  }
}
