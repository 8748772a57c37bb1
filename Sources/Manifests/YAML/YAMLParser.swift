import YAML

/// A fault for which every parser of Kubernetes objects would refuse the text.
struct YAMLFault: Error {
  let offset: Int
  let message: String
  let hint: String
}

/// Parses all documents of a text with libyaml's events, which carry the place of every node.
struct YAMLParser {
  /// Deeper than any Kubernetes object (a CustomResourceDefinition of Calico has 26 levels).
  static let maximumDepth = 200

  static func documents(of source: SourceText) throws(YAMLFault) -> [YAMLDocument] {
    try read(source).get()
  }

  private static func read(_ source: SourceText) -> Result<[YAMLDocument], YAMLFault> {
    var builder = YAMLTreeBuilder(offsets: CharacterOffsets(source.bytes))
    do throws(YAMLError) {
      let parser = try EventParser(source.bytes)
      while let event = try parser.next() {
        do throws(YAMLFault) { try builder.take(event) } catch { return .failure(error) }
      }
      return .success(builder.documents)
    } catch {
      return .failure(fault(error, offsets: builder.offsets))
    }
  }

  private static func fault(_ error: YAMLError, offsets: CharacterOffsets) -> YAMLFault {
    if error.kind == .memory {
      return YAMLFault(offset: 0, message: "cannot be read: no memory", hint: "free some memory")
    }
    // "could not find expected ':'" is reported one line after the line that lacks it.
    let mark =
      error.problem == "could not find expected ':'" ? error.context ?? error.mark : error.mark
    return YAMLFault(
      offset: error.byteOffset ?? offsets.byte(ofCharacter: mark.index),
      message: "is not valid YAML: \(error.problem)",
      hint: "correct the YAML; if this is a template ({{ }} or {% %}), give its rendered output instead")
  }
}

/// Converts libyaml's offsets, which count characters (a CRLF as two), to bytes.
struct CharacterOffsets {
  /// The byte offset of each character; nil if all have one byte.
  private let starts: [Int]?
  private let count: Int

  init(_ bytes: [UInt8]) {
    count = bytes.count
    starts = bytes.allSatisfy { $0 < 0x80 } ? nil : bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 }
  }

  var end: Int { count }

  func byte(ofCharacter index: Int) -> Int {
    guard let starts else { return min(index, count) }
    return index < starts.count ? starts[index] : count
  }
}
