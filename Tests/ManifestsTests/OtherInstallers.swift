/// Manifests in the shape of other installers for the etcd datastore, rendered from values.
enum OtherInstallers {
  /// A workload's pod, as lines of YAML with an indentation of their own.
  private static func indented(_ text: String, by count: Int) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.isEmpty ? "" : String(repeating: " ", count: count) + $0 }.joined(separator: "\n")
  }

  /// The values of kubespray that matter for credentials, with the defaults of its release 2.32
  /// (`roles/network_plugin/calico_defaults`).
  struct Kubespray: Sendable {
    var certificates = "/etc/calico/certs"
    var network = "k8s-pod-network"
    var endpoints = "https://10.0.0.1:2379,https://10.0.0.2:2379"
    var version = "v3.31.3"

    private static let files = [
      ("ETCD_CA_CERT_FILE", "etcd_ca", "ca_cert.crt"), ("ETCD_KEY_FILE", "etcd_key", "key.pem"),
      ("ETCD_CERT_FILE", "etcd_cert", "cert.crt"),
    ]

    /// The shape of `calico-config.yml`, `calico-node.yml` and `calico-kube-controllers.yml`: literal paths in the CNI
    /// configuration, an installer without a mount, folders of the host.
    var text: String {
      let nodeVariables = Self.files.map { variable, key, _ in
        "- {name: \(variable), valueFrom: {configMapKeyRef: {name: calico-config, key: \(key)}}}"
      }
      let controllerVariables = Self.files.map { variable, _, file in
        "- name: \(variable)\n  value: \"\(certificates)/\(file)\""
      }
      return """
        kind: ConfigMap
        apiVersion: v1
        metadata:
          name: calico-config
          namespace: kube-system
        data:
          etcd_endpoints: "\(endpoints)"
        \(indented(Self.files.map { "\($1): \"/calico-secrets/\($2)\"" }.joined(separator: "\n"), by: 2))
          cluster_type: "kubespray"
          cni_network_config: |-
            {
              "name": "\(network)",
              "cniVersion":"0.3.1",
              "plugins":[
                {
                    "type": "calico",
                    "etcd_endpoints": "\(endpoints)",
                    "etcd_cert_file": "\(certificates)/cert.crt",
                    "etcd_key_file": "\(certificates)/key.pem",
                    "etcd_ca_cert_file": "\(certificates)/ca_cert.crt",
                    "ipam": { "type": "calico-ipam", "assign_ipv4": "true" },
                    "kubernetes": { "kubeconfig": "__KUBECONFIG_FILEPATH__" }
                },
                { "type":"portmap", "capabilities": { "portMappings": true } }
              ]
            }
        ---
        # The node of each host.
        kind: DaemonSet
        apiVersion: apps/v1
        metadata:
          name: calico-node
          namespace: kube-system
        spec:
          selector: {matchLabels: {k8s-app: calico-node}}
          template:
            metadata:
              labels: {k8s-app: calico-node}
              annotations:
                kubespray.etcd-cert/serial: "DC:39:5A"
            spec:
              hostNetwork: true
              initContainers:
                - name: install-cni
                  image: quay.io/calico/cni:\(version)
                  command: ["/opt/cni/bin/install"]
                  env:
                    - name: CNI_NETWORK_CONFIG
                      valueFrom: {configMapKeyRef: {name: calico-config, key: cni_network_config}}
                    - {name: SLEEP, value: "false"}
                    - name: ETCD_ENDPOINTS
                      valueFrom: {configMapKeyRef: {name: calico-config, key: etcd_endpoints}}
                  volumeMounts:
                    - {mountPath: /host/etc/cni/net.d, name: cni-net-dir}
                  securityContext: {privileged: true}
              containers:
                - name: calico-node
                  image: quay.io/calico/node:\(version)
                  env:
                    - name: ETCD_ENDPOINTS
                      valueFrom: {configMapKeyRef: {name: calico-config, key: etcd_endpoints}}
        \(indented(nodeVariables.joined(separator: "\n"), by: 12))
                  securityContext: {privileged: true}
                  volumeMounts:
                    - mountPath: /calico-secrets
                      name: etcd-certs
                      readOnly: true
                    - {mountPath: /host/etc/cni/net.d, name: cni-net-dir}
              volumes:
                - name: cni-net-dir
                  hostPath:
                    path: /etc/cni/net.d
                # The certificates of etcd.
                - name: etcd-certs
                  hostPath:
                    path: "\(certificates)"
                - name: policysync
                  hostPath: {type: DirectoryOrCreate, path: /var/run/nodeagent}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: calico-kube-controllers
          namespace: kube-system
        spec:
          replicas: 1
          selector: {matchLabels: {k8s-app: calico-kube-controllers}}
          template:
            metadata:
              name: calico-kube-controllers
              labels: {k8s-app: calico-kube-controllers}
            spec:
              hostNetwork: true
              containers:
                - name: calico-kube-controllers
                  image: quay.io/calico/kube-controllers:\(version)
                  securityContext: {runAsNonRoot: true}
                  env:
                    - {name: ETCD_ENDPOINTS, value: "\(endpoints)"}
        \(indented(controllerVariables.joined(separator: "\n"), by: 12))
                  volumeMounts:
                  - mountPath: \(certificates)
                    name: etcd-certs
                    readOnly: true
              volumes:
              - hostPath:
                  path: \(certificates)
                name: etcd-certs

        """
    }
  }

  /// kubeasz: Calico's own layout, with literal paths in the CNI configuration.
  static func kubeasz(folder: String = "/etc/calico/ssl") -> String {
    SmallManifest.whole.replacing("__ETCD_KEY_FILE__", with: "\(folder)/calico-key.pem")
      .replacing("__ETCD_CERT_FILE__", with: "\(folder)/calico.pem")
      .replacing("__ETCD_CA_CERT_FILE__", with: "/etc/kubernetes/ssl/ca.pem")
  }

  /// kops and others: literal values, and a folder of the host that is mounted at another path.
  static func literal(at path: String = "/certs") -> String {
    var text = SmallManifest.whole
      .replacing("secret: {secretName: shared, defaultMode: 0400}", with: "hostPath: {path: /srv/calico}")
      .replacing("mountPath: /calico-secrets/\n", with: "mountPath: \(path)\n")
    for (variable, key, file) in [
      ("CA_CERT", "ca", "ca.pem"), ("CERT", "cert", "client.pem"), ("KEY", "key", "client-key.pem"),
    ] {
      text = text.replacing(
        "{name: ETCD_\(variable)_FILE, valueFrom: {configMapKeyRef: {name: settings, key: \(key)}}}",
        with: "{name: ETCD_\(variable)_FILE, value: \(path)/\(file)}")
    }
    return text
  }
}
