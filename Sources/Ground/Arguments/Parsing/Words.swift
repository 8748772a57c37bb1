/// The words of a command line, by what their dashes say, and which of them have been used.
struct Words {
  struct Word {
    enum Content {
      /// No dash before it, a dash alone, or anything after `--`.
      case value(String)
      /// - Parameter value: what follows `=`.
      case name(Name, value: String?)
      /// `--`
      case terminator
    }

    var content: Content
    /// Which word it was or belonged to.
    var position: Int
    /// Whether it is one letter of several after a dash, `f` of `-fx`.
    var isPart = false
    var isUsed = false
  }

  private(set) var all: [Word] = []
  private let texts: [String]

  /// - Throws: ``UsageFault/invalidName(_:)``
  init(_ texts: [String]) throws(UsageFault) {
    self.texts = texts
    var isTerminated = false
    for (position, text) in texts.enumerated() {
      let dashes = text.prefix { $0 == "-" }.count
      if isTerminated || dashes == 0 || text == "-" {
        all.append(Word(content: .value(text), position: position))
      } else if text == "--" {
        isTerminated = true
        all.append(Word(content: .terminator, position: position))
      } else if dashes > 2 {
        throw .invalidName(text)
      } else {
        try append(name: text.dropFirst(dashes), isLong: dashes == 2, of: text, at: position)
      }
    }
  }

  private mutating func append(
    name: Substring, isLong: Bool, of text: String, at position: Int
  ) throws(UsageFault) {
    let halves = name.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = halves.count == 2 ? halves[1] : nil
    let name = halves.first ?? ""
    if isLong {
      all.append(Word(content: .name(.long(name), value: value), position: position))
    } else if let letter = name.first, name.count == 1 {
      all.append(Word(content: .name(.short(letter), value: value), position: position))
    } else {
      guard !name.isEmpty else { throw .invalidName(text) }
      all.append(Word(content: .name(.packed(name), value: value), position: position))
      guard value == nil else { return }
      all += name.map { Word(content: .name(.short($0), value: nil), position: position, isPart: true) }
    }
  }

  /// The places of what is left, but for `--`.
  var rest: [Int] {
    all.indices.filter { if case .terminator = all[$0].content { false } else { !all[$0].isUsed } }
  }

  /// As it was typed; one letter only where others of its word have been used.
  func text(at index: Int) -> String {
    if all[index].isPart, case .name(let name, _) = all[index].content {
      "\(name)"
    } else {
      texts[all[index].position]
    }
  }

  /// What is left of it is the word as a whole or, where a letter of it was used, the other letters.
  mutating func use(_ index: Int) {
    let position = all[index].position
    let isPart = all[index].isPart
    all[index].isUsed = true
    // The word as a whole stands before its letters.
    var other = index
    while isPart, other > 0, all[other - 1].position == position {
      other -= 1
      if !all[other].isPart { all[other].isUsed = true }
    }
    other = index + 1
    while !isPart, other < all.count, all[other].position == position {
      all[other].isUsed = true
      other += 1
    }
  }

  /// Takes the next word, if it is a value and not used.
  mutating func takeValue(after index: Int) -> String? {
    guard let next = all.indices[(index + 1)...].first(where: { !all[$0].isUsed && !all[$0].isPart }),
      case .value(let text) = all[next].content
    else { return nil }
    use(next)
    return text
  }

  /// Whether one of the names is left.
  func contains(_ names: [Name]) -> Bool {
    all.contains { word in
      if !word.isUsed, case .name(let name, _) = word.content { names.contains(name) } else { false }
    }
  }
}
