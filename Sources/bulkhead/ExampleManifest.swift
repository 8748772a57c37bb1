/// A small manifest in the shape of Calico's `calico-etcd.yaml`, for the demo: a ConfigMap, the shared Secret, the
/// DaemonSet with install-cni and calico-node, and the Deployment of kube-controllers.
enum ExampleManifest {
  static let text = #"""
    apiVersion: v1
    kind: Secret
    type: Opaque
    metadata:
      name: calico-etcd-secrets
      namespace: kube-system
    data:
      # etcd-key: null
      # etcd-cert: null
      # etcd-ca: null
    ---
    kind: ConfigMap
    apiVersion: v1
    metadata:
      name: calico-config
      namespace: kube-system
    data:
      etcd_endpoints: "https://etcd.example:2379"
      # Empty means: no TLS.
      etcd_ca: ""   # "/calico-secrets/etcd-ca"
      etcd_cert: "" # "/calico-secrets/etcd-cert"
      etcd_key: ""  # "/calico-secrets/etcd-key"
      cni_network_config: |-
        {"name": "k8s-pod-network", "cniVersion": "0.3.1", "plugins": [{"type": "calico",
          "etcd_endpoints": "__ETCD_ENDPOINTS__", "etcd_key_file": "__ETCD_KEY_FILE__",
          "etcd_cert_file": "__ETCD_CERT_FILE__", "etcd_ca_cert_file": "__ETCD_CA_CERT_FILE__",
          "ipam": {"type": "calico-ipam"}, "policy": {"type": "k8s"}}]}
    ---
    kind: DaemonSet
    apiVersion: apps/v1
    metadata:
      name: calico-node
      namespace: kube-system
    spec:
      selector:
        matchLabels: {k8s-app: calico-node}
      template:
        metadata:
          labels: {k8s-app: calico-node}
        spec:
          hostNetwork: true
          initContainers:
            # Copies the plugin and its certificate to the host.
            - name: install-cni
              image: quay.io/calico/cni:v3.32.1
              env:
                - name: ETCD_ENDPOINTS
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_endpoints}
                - name: CNI_NETWORK_CONFIG
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: cni_network_config}
                - name: SLEEP
                  value: "false"
              volumeMounts:
                - mountPath: /host/etc/cni/net.d
                  name: cni-net-dir
                - mountPath: /calico-secrets
                  name: etcd-certs
          containers:
            - name: calico-node
              image: quay.io/calico/node:v3.32.1
              env:
                - name: ETCD_ENDPOINTS
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_endpoints}
                - name: ETCD_CA_CERT_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_ca}
                - name: ETCD_KEY_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_key}
                - name: ETCD_CERT_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_cert}
              volumeMounts:
                - mountPath: /calico-secrets
                  name: etcd-certs
          volumes:
            - name: cni-net-dir
              hostPath:
                path: /etc/cni/net.d
            - name: etcd-certs
              secret:
                secretName: calico-etcd-secrets
                defaultMode: 0400
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: calico-kube-controllers
      namespace: kube-system
    spec:
      replicas: 1
      selector:
        matchLabels: {k8s-app: calico-kube-controllers}
      template:
        metadata:
          labels: {k8s-app: calico-kube-controllers}
        spec:
          hostNetwork: true
          containers:
            - name: calico-kube-controllers
              image: quay.io/calico/kube-controllers:v3.32.1
              env:
                - name: ETCD_ENDPOINTS
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_endpoints}
                - name: ETCD_CA_CERT_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_ca}
                - name: ETCD_KEY_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_key}
                - name: ETCD_CERT_FILE
                  valueFrom:
                    configMapKeyRef: {name: calico-config, key: etcd_cert}
              volumeMounts:
                - mountPath: /calico-secrets
                  name: etcd-certs
          volumes:
            - name: etcd-certs
              secret:
                secretName: calico-etcd-secrets
                defaultMode: 0440

    """#
}
