import Manifests
import Testing

/// Typha. Calico's own manifests have it for the Kubernetes datastore only, where it never reaches etcd.
@Suite struct TyphaTests {
  private static let segmented = SmallManifest.whole

  private static func deployment(_ variables: String, mount: String, volume: String) -> String {
    """
    ---
    # Typha
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: calico-typha, namespace: net}
    spec:
      replicas: 3
      selector: {matchLabels: {k8s-app: calico-typha}}
      template:
        metadata:
          labels: {k8s-app: calico-typha}
        spec:
          hostNetwork: true
          containers:
          - name: calico-typha
            image: quay.io/calico/typha:v3.32.1
            env:
            - {name: TYPHA_LOGFILEPATH, value: "none"}
    \(variables)
            volumeMounts:
            - {mountPath: /etc/typha, name: server-tls}
    \(mount)
          volumes:
          - {name: server-tls, secret: {secretName: typha-server}}
    \(volume)

    """
  }

  /// As in Calico's `calico-typha.yaml`.
  private static let forKubernetes = deployment(
    "        - {name: TYPHA_DATASTORETYPE, value: kubernetes}", mount: "", volume: "")

  private static let forEtcd = deployment(
    """
            - {name: TYPHA_DATASTORETYPE, value: etcdv3}
            - {name: TYPHA_ETCDENDPOINTS, valueFrom: {configMapKeyRef: {name: settings, key: endpoints}}}
            - {name: TYPHA_ETCDCAFILE, value: /calico-secrets/etcd-ca}
            - {name: TYPHA_ETCDCERTFILE, value: /calico-secrets/etcd-cert}
            - {name: TYPHA_ETCDKEYFILE, value: ""}
    """, mount: "        - {mountPath: /calico-secrets, name: etcd-certs}",
    volume: "      - {name: etcd-certs, secret: {secretName: shared, defaultMode: 0440}}")

  private static func delivery(_ way: DeliveryCheck.Way) -> ManifestOptions.Delivery {
    guard case .agent(var agent) = ModeChangeTests.delivery(way) else { return ModeChangeTests.delivery(way) }
    agent.identities["typha"] = "typha"
    return .agent(agent)
  }

  /// The parts of a Deployment in the result that are about its credential, by an independent reading.
  private static func typha(_ text: String) throws -> [String: String] {
    try ParsedManifest(text).values.filter { $0.key.hasPrefix("Deployment/calico-typha") }
  }

  @Test(arguments: [DeliveryCheck.Way.secret, .host, .agent])
  func `a Typha for Kubernetes' datastore is left as it is`(way: DeliveryCheck.Way) throws {
    let text = Self.segmented + Self.forKubernetes
    let result = try Samples.segment(text, delivery: Self.delivery(way)).text
    #expect(result.contains(Self.forKubernetes.trimmingSuffix))
    #expect(try Self.typha(result) == Self.typha(text))
    // Alone it is no manifest in which anything is to be segmented.
    #expect(Samples.faults(Self.forKubernetes).contains { $0.contains("/calico-secrets") })
  }

  @Test func `a Typha for etcd gets its own credential in each way, and between each two`() throws {
    let text = Self.segmented + Self.forEtcd
    let pod = "Deployment/calico-typha.spec.template.spec."
    for first in [DeliveryCheck.Way.secret, .host, .agent] {
      let one = try Samples.segment(text, delivery: Self.delivery(first)).text
      for way in [DeliveryCheck.Way.secret, .host, .agent] {
        let two = way == first ? one : try Samples.segment(one, delivery: Self.delivery(way)).text
        let values = try Self.typha(two)
        let container = pod + "containers[calico-typha]."
        for (variable, file) in [("CA", "ca"), ("CERT", "cert"), ("KEY", "key")] {
          #expect(
            values[container + "env[TYPHA_ETCD\(variable)FILE].value"]?.hasPrefix(
              "/calico-secrets/etcd-\(file) ")
              == true, "\(first) to \(way)")
        }
        let volume = try #require(values[container + "volumeMounts[/calico-secrets].name"]).split(
          separator: " ")[0]
        let secret = values[pod + "volumes[\(volume)].secret.secretName"]
        let medium = values[pod + "volumes[\(volume)].emptyDir.medium"]
        if way == .agent {
          #expect(secret == nil && medium?.hasPrefix("Memory") == true, "\(first) to \(way)")
          let map = try #require(
            ParsedManifest(two).values["ConfigMap/bulkhead-agent-calico-typha.data.agent.yaml"])
          #expect(map.contains("identity: \"typha\"") && map.contains("keyMode: \"0440\""), "\(map)")
        } else {
          // Pods of a Deployment are not bound to a host.
          #expect(
            secret?.hasPrefix("calico-typha-etcd-secrets") == true && medium == nil, "\(first) to \(way)")
          let mode = try #require(values[pod + "volumes[\(volume)].secret.defaultMode"])
          #expect(mode.hasPrefix("0440") || mode.hasPrefix("288"), "\(mode)")
          #expect(!two.contains("bulkhead-agent-calico-typha"))
        }
        #expect(values[pod + "volumes[server-tls].secret.secretName"]?.hasPrefix("typha-server") == true)
        #expect(try Samples.segment(two, delivery: Self.delivery(way)).isAlreadySegmented)
        #expect(try DeliveryCheck.faults(two, way).filter { !$0.contains("typha") } == [])
      }
    }
  }

  @Test func `a Typha that could not read its credential is refused or reported`() throws {
    let unmounted = Self.forEtcd.replacing(
      "        - {mountPath: /calico-secrets, name: etcd-certs}\n", with: "")
    #expect(
      Samples.faults(Self.segmented + unmounted).contains {
        $0.contains("has TYPHA_ETCDENDPOINTS and mounts nothing")
      })
    let without = Self.forEtcd.replacing("        - {name: TYPHA_ETCDKEYFILE, value: \"\"}\n", with: "")
    #expect(
      Samples.faults(Self.segmented + without).contains { $0.contains("has no variable TYPHA_ETCDKEYFILE") })
    let closed = Self.forEtcd.replacing("defaultMode: 0440", with: "defaultMode: 0400")
    let result = try Samples.segment(Self.segmented + closed)
    #expect(
      result.warnings.contains {
        $0.kind == .modeNotGroupReadable && $0.message.contains("typha cannot read")
      })
    let one = Self.forEtcd.replacing(
      "image: quay.io/calico/typha:v3.32.1",
      with: "image: quay.io/calico/calico:v3.33.0\n        args: [component, typha]")
    let values = try Self.typha(Samples.segment(Self.segmented + one).text)
    #expect(
      values["Deployment/calico-typha.spec.template.spec.securityContext.fsGroup"]?.hasPrefix("10001") == true
    )
  }
}

extension String {
  fileprivate var trimmingSuffix: String {
    var text = self
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
