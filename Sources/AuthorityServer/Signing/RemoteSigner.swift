import Certificates
import Cryptography
import Dispatch
import FoundationEssentials
import Log
import Network
import Services
import Synchronization

/// The signer in another process, over a socket in the file system. Many orders are in flight on one connection; after a
/// failure the next order makes a new one.
final class RemoteSigner: Signer, Service {
  private typealias Answer = CheckedContinuation<SignerFrame, any Error>

  /// A connection and the orders that wait for their answers on it.
  private final class Link: Sendable {
    let socket: LocalSocket
    /// Writing may wait for the signer, so it is not done on Swift's own threads.
    let writing = DispatchQueue(label: "orders")
    private let waiting = Mutex<[UInt64: (answer: Answer, until: ContinuousClock.Instant)]?>([:])

    init(_ socket: LocalSocket) { self.socket = socket }

    /// - Returns: false if the connection has ended.
    func add(_ number: UInt64, _ answer: Answer, until: ContinuousClock.Instant) -> Bool {
      waiting.withLock { waiting in
        guard waiting != nil else { return false }
        waiting?[number] = (answer, until)
        return true
      }
    }

    func take(_ number: UInt64) -> Answer? { waiting.withLock { $0?.removeValue(forKey: number)?.answer } }

    var count: Int { waiting.withLock { $0?.count ?? 0 } }

    /// Fails all orders that wait, and takes no more.
    func end() {
      socket.shutdown()
      let all = waiting.withLock { waiting in
        defer { waiting = nil }
        return waiting ?? [:]
      }
      for item in all.values { item.answer.resume(throwing: SignerUnavailable()) }
    }

    /// Whether an order has waited for too long: the signer hangs.
    func isLate(_ now: ContinuousClock.Instant) -> Bool {
      waiting.withLock { $0?.values.contains { $0.until < now } ?? false }
    }
  }

  private struct State {
    var link: Link?
    var next: UInt64 = 1
  }

  private struct List {
    let bytes: [UInt8]
    let tag: String
  }

  /// A list of 500,000 entries has 25 MB.
  private static let limit = 64 << 20
  private static let patience = Duration.seconds(30)

  private let path: String
  private let most: Int
  private let logger: Logger
  private let state = Mutex(State())
  /// The last revocation list that the signer gave. Many clients may read it at once, and all of them share its bytes.
  private let list = Mutex<List?>(nil)

  /// - Parameter most: how many orders may wait for their answers.
  init(_ path: String, most: Int, logger: Logger) {
    self.path = path
    self.most = most
    self.logger = logger
  }

  func fill(_ order: SigningOrder) async throws -> SignedOrder {
    try await SignedOrder(ask { order.frame($0) })
  }

  func state() async throws -> SignerState { try await SignerState(ask { SignerFrame($0, .state) }) }

  func revocationList(known: String?) async throws -> ListAnswer {
    let last = list.withLock { $0 }
    switch try await ListAnswer(ask { SignerFrame($0, .list, texts: [last?.tag ?? known]) }) {
    case .none:
      list.withLock { $0 = nil }
      return .none
    case .same:
      guard let last, last.tag != known else { return .same }
      return .list(last.bytes, tag: last.tag)
    case .list(let bytes, let tag):
      let shared = list.withLock { list in
        let shared = list?.tag == tag ? list : nil
        list = shared ?? List(bytes: bytes, tag: tag)
        return shared
      }
      return known == tag ? .same : .list(shared?.bytes ?? bytes, tag: tag)
    }
  }

  /// A certificate for the server's own names and this key, in PEM with its chain.
  func serverCertificate(for key: Certificates.PrivateKey) async throws -> String {
    let request = try CertificateRequest.make(for: "server", key: key)
    guard let certificate = try await ask({ SignerFrame($0, .server, texts: [request]) }).text(0) else {
      throw SigningOrder.Malformed()
    }
    return certificate
  }

  /// Ends the connection when the signer hangs, and at the end.
  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: .seconds(1))
        let link = self.state.withLock { $0.link }
        guard let link, link.isLate(.now) else { continue }
        self.logger.error("the signer does not answer within \(Self.patience)")
        link.end()
      }
    }
    state.withLock { $0.link }?.end()
  }

  /// Sends an order and waits for its answer.
  /// - Throws: ``SignerUnavailable``, ``Refusal``, or the error of the answer.
  private func ask(_ order: (UInt64) -> SignerFrame) async throws -> SignerFrame {
    let (link, number) = try connected()
    guard link.count < most else { throw Refusal.overloaded }
    let bytes = order(number).bytes
    return try await withCheckedThrowingContinuation { (answer: Answer) in
      guard link.add(number, answer, until: .now + Self.patience) else {
        return answer.resume(throwing: SignerUnavailable())
      }
      link.writing.async {
        do { try link.socket.write(bytes) } catch { link.end() }
      }
    }.checked()
  }

  private func connected() throws -> (Link, UInt64) {
    try state.withLock { state in
      defer { state.next += 1 }
      if let link = state.link { return (link, state.next) }
      let link: Link
      do {
        link = Link(try LocalSocket.connect(to: path))
      } catch {
        throw SignerUnavailable()
      }
      state.link = link
      DispatchQueue(label: "answers of the signer").async { self.read(link) }
      return (link, state.next)
    }
  }

  private func read(_ link: Link) {
    while let frame = try? next(link.socket) { link.take(frame.number)?.resume(returning: frame) }
    link.end()
    state.withLock { if $0.link === link { $0.link = nil } }
  }

  private func next(_ socket: LocalSocket) throws -> SignerFrame? {
    guard let head = try socket.read(SignerFrame.headSize),
      let length = SignerFrame.length(head, limit: Self.limit), let rest = try socket.read(length)
    else { return nil }
    return SignerFrame(rest)
  }
}

/// The signer cannot be reached or does not answer: a failure of the server.
struct SignerUnavailable: Error {}
