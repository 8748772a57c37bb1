import Discovery
import Segmentation
import Testing

@Suite struct ProposalTests {
  private static let manifest = """
    kind: ConfigMap
    metadata: {name: calico-config}
    data:
      etcd_endpoints: "https://10.0.0.11:2379"
    ---
    kind: List
    items:
    - kind: DaemonSet
      spec:
        template:
          spec:
            initContainers:
            - {name: install-cni, image: quay.io/calico/cni:v3.31.2}
            containers:
            - {name: calico-node, image: "quay.io:443/calico/node:v3.31.2-amd64@sha256:00"}
            - name: kube-flannel
              image: docker.io/flannel/flannel:v0.24.4
              env: [{name: FLANNELD_ETCD_ENDPOINTS, value: x}]
    """

  private func proposal(
    _ template: FileTemplate = FileTemplate(), given: Set<Question> = [], host: HostDiscovery?,
    manifest: ManifestFacts? = nil, running: RunningEtcd? = nil, root: String = ""
  ) -> Proposal {
    Proposal(
      template, given: given, hasComponents: false, hasCertificate: false, host: host, manifest: manifest,
      running: running
    ) { root + $0 }
  }

  @Test func everyValueSaysWhereItIsFrom() throws {
    let manifest = ManifestFacts(Self.manifest, file: "calico.yaml")
    let made = proposal(host: try Files.kubeadm().host, manifest: manifest, root: "/mnt")
    #expect(made.template.endpoints == ["https://10.0.0.11:2379"])
    #expect(made.template.ca == "/mnt/etc/kubernetes/pki/etcd/ca.crt")
    #expect(made.template.certificate == "/mnt/etc/kubernetes/pki/etcd/healthcheck-client.crt")
    #expect(made.template.key == "/mnt/etc/kubernetes/pki/etcd/healthcheck-client.key")
    #expect(made.template.calico == "v3.31.2")
    #expect(made.template.components == ["calico-node", "cni-plugin", "flannel"])
    #expect(made.template.apiservers == ["kube-apiserver-etcd-client"])
    #expect(made.template.administrators.map(\.user) == ["kube-etcd-healthcheck-client"])
    #expect(made.questions == [.cluster, .calicoctl])
    for line in [
      "calico.version: v3.31.2 (the images in calico.yaml)",
      "etcd.endpoints: https://10.0.0.11:2379 (--advertise-client-urls in /etc/kubernetes/manifests/etcd.yaml)",
      "administrators: kube-etcd-healthcheck-client (the Common Name in /etc/kubernetes/pki/etcd/healthcheck-client.crt)",
    ] {
      #expect(made.findings.contains(line), "\(made.findings)")
    }
    #expect(made.remarks.isEmpty, "\(made.remarks)")
  }

  /// The member list of a running etcd goes before what files say, and what was given before both.
  @Test func theOrderOfSources() throws {
    let running = RunningEtcd(
      askedAt: "https://127.0.0.1:2379", versions: ["3.5.21"],
      endpoints: ["https://10.0.0.11:2379", "https://10.0.0.12:2379"], membersWithoutURL: ["cp3"],
      isAuthEnabled: true)
    let asked = proposal(host: try Files.kubeadm().host, running: running)
    #expect(asked.template.endpoints == running.endpoints)
    #expect(asked.findings.contains("authentication: on (asked at https://127.0.0.1:2379)"))
    #expect(
      asked.remarks.contains { $0.contains("cp3") }
        && asked.remarks.contains { $0.contains("--from-cluster") })
    var template = FileTemplate()
    (template.endpoints, template.ca) = (["https://10.0.0.11:2379"], "own.crt")
    let given = proposal(template, given: [.endpoints, .authority], host: try Files.kubeadm().host)
    #expect(given.template.endpoints == ["https://10.0.0.11:2379"] && given.template.ca == "own.crt")
    #expect(given.template.apiservers == ["kube-apiserver-etcd-client"])
  }

  /// A file about another cluster must not get the names of this host's.
  @Test func theFilesOfAnotherEtcdAreNotUsed() throws {
    var template = FileTemplate()
    template.endpoints = ["https://10.9.9.9:2379"]
    let made = proposal(template, given: [.endpoints], host: try Files.kubeadm().host)
    #expect(made.template.apiservers.isEmpty && made.template.administrators.isEmpty && made.findings.isEmpty)
    #expect(made.remarks.contains { $0.contains("another etcd, https://10.0.0.11:2379") }, "\(made.remarks)")
  }

  @Test func nothingIsKnown() {
    let made = proposal(host: HostDiscovery(HostFiles([:])))
    #expect(made.findings.isEmpty && made.remarks.isEmpty)
    #expect(made.questions == Question.allCases)
    #expect(made.template.text == FileTemplate().text)
  }

  @Test func manifestsThatSayLess() {
    let placeholder = Self.manifest.replacing("https://10.0.0.11:2379", with: "http://<ETCD_IP>:<ETCD_PORT>")
    #expect(ManifestFacts(placeholder, file: "m").endpoints == nil)
    let two = ManifestFacts(Self.manifest.replacing("cni:v3.31.2", with: "cni:v3.30.0"), file: "m")
    #expect(two.calico == nil && two.remarks == ["m runs several releases of Calico: v3.30.0, v3.31.2"])
    let kubernetes = ManifestFacts(
      Self.manifest.replacing("FLANNELD_ETCD_ENDPOINTS, value: x", with: "DATASTORE_TYPE, value: kubernetes"),
      file: "m")
    #expect(kubernetes.components == nil && kubernetes.endpoints == nil && kubernetes.remarks.count == 1)
    let template = ManifestFacts("{{ if }}\n", file: "m")
    #expect(template.calico == nil && !template.remarks.isEmpty)
    #expect(ManifestFacts("kind: Pod\n", file: "m").remarks == ["m has no container of Calico"])
  }

  @Test(arguments: [
    (Question.endpoints, "https://a:2379, https://b:2379", "endpoints: [https://a:2379, https://b:2379]"),
    (.cluster, "prod", "cluster: prod"), (.calico, "v3.30", "version: v3.30"),
    (.authority, "ca.crt", "ca: ca.crt"), (.apiserver, "a , b", "apiserver: [a, b]"),
    (.apiserver, "-", "#   apiserver:"), (.calicoctl, "bob=full", "- {user: bob, access: full}"),
  ]) func anAnswerIsInTheFile(_ question: Question, _ answer: String, _ line: String) throws {
    #expect(try question.answered(answer, in: FileTemplate()).text.contains(line))
  }

  @Test func anAnswerThatIsNone() {
    #expect(throws: AnswerError.self) { try Question.calicoctl.answered("bob", in: FileTemplate()) }
  }
}
