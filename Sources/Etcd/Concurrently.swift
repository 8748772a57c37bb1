/// Calls `body` for each element, at most `limit` at a time: etcd refuses requests when it falls behind.
/// - Returns: The results in the order of the elements.
package func concurrently<Element: Sendable, Value: Sendable>(
  _ elements: [Element], limit: Int, _ body: @escaping @Sendable (Element) async -> Value
) async -> [Value] {
  await withTaskGroup(of: (Int, Value).self) { group in
    var waiting = elements.enumerated().makeIterator()
    func startNext() {
      guard let (index, element) = waiting.next() else { return }
      group.addTask { (index, await body(element)) }
    }
    for _ in 0..<max(1, limit) { startNext() }
    var values: [(index: Int, value: Value)] = []
    values.reserveCapacity(elements.count)
    for await value in group {
      values.append(value)
      startNext()
    }
    return values.sorted { $0.index < $1.index }.map(\.value)
  }
}
