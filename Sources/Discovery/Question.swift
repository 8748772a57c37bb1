import Catalogue
import Names
import Segmentation

/// What a person is asked, or a script gives with an option.
package enum Question: String, CaseIterable, Sendable {
  case cluster, endpoints, authority, calico, apiserver, calicoctl

  /// The option that answers it.
  package var option: String {
    switch self {
    case .cluster: "--cluster"
    case .endpoints: "--endpoint"
    case .authority: "--ca"
    case .calico: "--calico"
    case .apiserver: "--apiserver"
    case .calicoctl: "--calicoctl"
    }
  }

  package var text: String {
    switch self {
    case .cluster: "What is the cluster called in reports?"
    case .endpoints: "At which client URLs are etcd's members? Separate them by commas."
    case .authority: "Which file has the authority of etcd's server certificates (etcdctl's --cacert)?"
    case .calico: "Which release of Calico runs?"
    case .apiserver:
      "If Kubernetes uses this etcd too: which Common Names have the client certificates of kube-apiserver? Separate "
        + "them by commas; '-' if Kubernetes has another etcd."
    case .calicoctl:
      "Who uses calicoctl? As USER=read-only, USER=policy-editor or USER=full, separated by commas."
    }
  }

  /// The answer of an empty line, and what the file has without an answer; nil if it is nothing.
  package func standard(in template: FileTemplate) -> String? {
    switch self {
    case .cluster: template.cluster
    case .endpoints: template.endpoints.joined(separator: ",")
    case .authority: template.ca
    case .calico: template.calico
    case .apiserver: "-"
    case .calicoctl: nil
    }
  }

  /// The file with the answer.
  /// - Parameter answer: not empty.
  /// - Throws: ``AnswerError`` if the file cannot have it.
  package func answered(_ answer: String, in template: FileTemplate) throws(AnswerError) -> FileTemplate {
    var template = template
    let parts = answer.split(separator: ",").map { part in
      String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
    switch self {
    case .cluster: template.cluster = answer
    case .endpoints: template.endpoints = parts
    case .authority: template.ca = answer
    case .calico: template.calico = answer
    case .apiserver: template.apiservers = answer == "-" ? [] : parts
    case .calicoctl:
      template.calicoctl = []
      for part in parts {
        let words = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard words.count == 2 else {
          throw AnswerError(message: "'\(part)' is not USER=ACCESS", hint: "such as alice=read-only")
        }
        template.calicoctl.append((user: words[0], access: words[1]))
      }
    }
    return template
  }
}

/// Why an answer cannot be taken.
package struct AnswerError: Error, Hashable {
  package let message: String
  package let hint: String?
}
