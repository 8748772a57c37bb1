import Text

/// Names that people cannot tell apart and etcd can.
package enum LookAlike {
  /// Letters of other scripts in lower case that look like a letter or digit of ASCII in most typefaces (Unicode
  /// Technical Standard #39, `confusables.txt`).
  private static let letters: [Character: Character] = {
    let pairs: [(String, String)] = [
      // Cyrillic.
      ("аɑαａ", "a"), ("вʙｂ", "b"), ("сϲⅽｃ", "c"), ("ԁⅾｄ", "d"), ("еҽｅ", "e"), ("ғſｆ", "f"),
      ("ɡցｇ", "g"), ("һհｈ", "h"), ("ііıɩιⅰｉ", "i"), ("јϳｊ", "j"), ("кκｋ", "k"), ("ӏⅼｌ", "l"),
      ("мⅿｍ", "m"), ("пոηｎ", "n"), ("оοօσｏ", "o"), ("рρｐ", "p"), ("ԛզｑ", "q"), ("гｒ", "r"),
      ("ѕꜱｓ", "s"), ("тτｔ", "t"), ("υսｕ", "u"), ("ѵνⅴｖ", "v"), ("ѡաωｗ", "w"), ("хχⅹｘ", "x"),
      ("уγүｙ", "y"), ("ᴢｚ", "z"), ("０", "0"), ("１", "1"), ("２", "2"), ("３", "3"), ("４", "4"),
      ("５", "5"), ("６", "6"), ("７", "7"), ("８", "8"), ("９", "9"), ("‐‑‒–—−－", "-"), ("․．", "."),
      ("＿", "_"), ("：꞉ː∶", ":"),
    ]
    var letters: [Character: Character] = [:]
    for (others, latin) in pairs {
      for other in others { letters[other] = Character(latin) }
    }
    return letters
  }()

  /// Equal for two names that look alike: without invisible characters and white space, in lower case, with letters
  /// of other scripts replaced. A name in ASCII differs from each other name in ASCII that is not the same without
  /// case, so node names such as `n1` and `nl` do not count.
  package static func skeleton(_ name: String) -> String {
    var visible = ""
    for scalar in name.unicodeScalars where !scalar.isInvisible && !scalar.properties.isWhitespace {
      visible.unicodeScalars.append(scalar)
    }
    // Swift compares by canonical equivalence, so that an accent as a character of its own makes no difference.
    return String(visible.lowercased().map { letters[$0] ?? $0 })
  }

  /// Groups of names that look alike and are not the same bytes, in the order of the names.
  package static func groups(_ names: [String]) -> [[String]] {
    var groups: [String: [String]] = [:]
    var order: [String] = []
    for name in names {
      let skeleton = skeleton(name)
      if groups[skeleton] == nil { order.append(skeleton) }
      if groups[skeleton]?.contains(where: { $0.utf8.elementsEqual(name.utf8) }) != true {
        groups[skeleton, default: []].append(name)
      }
    }
    return order.compactMap { groups[$0] }.filter { $0.count > 1 }
  }
}
