import Catalogue
import Discovery
import Segmentation
import StrictYAML
import Terminal

/// The questions of `bulkhead init` to a person.
struct InitDialogue {
  /// The file to be written, for messages.
  let file: String
  let catalogue: Catalogue

  /// Asks what was neither given nor found. An empty line takes the answer in brackets; a wrong one is asked again.
  /// - Throws: ``CommandError`` at the end of the input.
  func complete(_ proposal: inout Proposal) throws {
    guard !proposal.questions.isEmpty else { return }
    Console.note("\nAn empty line takes what is in brackets; Ctrl-C ends without a file.")
    for question in proposal.questions {
      proposal.take(try answer(to: question, in: proposal.template), for: question)
    }
  }

  private func answer(to question: Question, in template: FileTemplate) throws -> FileTemplate {
    while true {
      Console.note("\n\(question.text)")
      guard let line = Console.answer("\(question.standard(in: template).map { "[\($0)] " } ?? "")> ") else {
        throw CommandError(
          "the questions were not answered, so no file was written",
          hint: "give the answers as options: \(Question.allCases.map(\.option).joined(separator: ", "))")
      }
      if line.isEmpty { return template }
      do {
        let answered = try question.answered(line, in: template)
        _ = try SegmentationFile(answered.text, file: file, catalogue: catalogue)
        return answered
      } catch let error as AnswerError {
        note(error.message, error.hint)
      } catch let error as FileFaults {
        // Other answers are the file's own words, or were checked before.
        for fault in error.faults { note(fault.message, fault.hint) }
      }
    }
  }

  private func note(_ message: String, _ hint: String?) {
    Console.note(CommandError(message, hint: hint).text(Console.errorStyle))
  }
}
