extension Report {
  /// The report as one HTML file.
  package var html: String { ReportPage(report: self).html }

  /// The report as Markdown.
  package var markdown: String { ReportMarkdown(report: self).text }
}
