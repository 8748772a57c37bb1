import Errors
import FoundationEssentials

/// The pods that use a Secret, from the output of `kubectl get pods --all-namespaces --output json`.
package struct PodsWithSecret: Sendable {
  /// The pods that mount the Secret or take environment variables from it, as `namespace/name`, sorted.
  package let pods: [String]
  /// The `--etcd-prefix` of each pod that has this argument, as kube-apiserver does, by `namespace/name`.
  package let etcdPrefixes: [String: String]

  /// - Throws: ``PodListFault`` if the text is not a list of pods.
  package init(ofSecret secret: String, in list: [UInt8]) throws(PodListFault) {
    let decoded: List
    do { decoded = try JSONDecoder().decode(List.self, from: Data(list)) } catch { throw PodListFault() }
    guard decoded.kind == "List" || decoded.kind == "PodList" else { throw PodListFault() }
    let alive = decoded.items.filter { $0.kind ?? "Pod" == "Pod" && $0.isAlive }
    pods = alive.filter { $0.uses(secret) }.map(\.name).sorted()
    etcdPrefixes = Dictionary(alive.compactMap { pod in pod.etcdPrefix.map { (pod.name, $0) } }) {
      first, _ in first
    }
  }

  private struct List: Decodable {
    let kind: String
    let items: [Pod]
  }

  private struct Pod: Decodable {
    struct Metadata: Decodable {
      let name: String
      let namespace: String?
    }
    struct Status: Decodable { let phase: String? }
    struct Spec: Decodable {
      let volumes: [Volume]?
      let containers: [Container]?
      let initContainers: [Container]?
    }
    struct Volume: Decodable {
      struct Secret: Decodable { let secretName: String? }
      struct Projected: Decodable {
        struct Source: Decodable { let secret: Named? }
        let sources: [Source]?
      }
      let secret: Secret?
      let projected: Projected?
    }
    struct Container: Decodable {
      struct Source: Decodable { let secretRef: Named? }
      struct Variable: Decodable {
        struct From: Decodable { let secretKeyRef: Named? }
        let valueFrom: From?
      }
      let command: [String]?
      let args: [String]?
      let envFrom: [Source]?
      let env: [Variable]?
    }
    struct Named: Decodable { let name: String? }

    let kind: String?
    let metadata: Metadata
    let spec: Spec
    let status: Status?

    var name: String { "\(metadata.namespace ?? "default")/\(metadata.name)" }

    /// The value of `--etcd-prefix`, as one word or as two.
    var etcdPrefix: String? {
      for container in spec.containers ?? [] {
        let words = (container.command ?? []) + (container.args ?? [])
        for (index, word) in words.enumerated() {
          if word.hasPrefix("--etcd-prefix=") { return String(word.dropFirst("--etcd-prefix=".count)) }
          if word == "--etcd-prefix", index + 1 < words.count { return words[index + 1] }
        }
      }
      return nil
    }

    /// A pod that has ended does not use its Secrets any more.
    var isAlive: Bool { !["Succeeded", "Failed"].contains(status?.phase ?? "") }

    func uses(_ secret: String) -> Bool {
      let volumes = spec.volumes ?? []
      let containers = (spec.containers ?? []) + (spec.initContainers ?? [])
      return volumes.contains { volume in
        volume.secret?.secretName == secret
          || volume.projected?.sources?.contains { $0.secret?.name == secret } ?? false
      }
        || containers.contains { container in
          container.envFrom?.contains { $0.secretRef?.name == secret } ?? false
            || container.env?.contains { $0.valueFrom?.secretKeyRef?.name == secret } ?? false
        }
    }
  }
}

/// The text is not a list of pods.
package struct PodListFault: ExplainedError, Hashable, Sendable {
  package var description: String { "the list of pods is not a list of pods from kubectl" }
  package var hint: String? { "give it the output of 'kubectl get pods --all-namespaces --output json'" }
}
