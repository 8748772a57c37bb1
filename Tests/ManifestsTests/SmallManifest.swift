/// A manifest with nothing but the wiring, with other names than Calico's wherever these are free.
enum SmallManifest {
  static let configMap = """
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: settings
      namespace: net
    data:
      endpoints: https://10.0.0.1:2379
      ca: ''
      cert: ""
      key:
      cni: |
        {"type": "calico", "etcd_key_file": "__ETCD_KEY_FILE__",
         "etcd_cert_file": "__ETCD_CERT_FILE__",
         "etcd_ca_cert_file": "__ETCD_CA_CERT_FILE__"}

    """

  static let daemonSet = """
    ---
    apiVersion: apps/v1
    kind: DaemonSet
    metadata:
      name: agents
      namespace: net
    spec:
      template:
        spec:
          initContainers:
          - name: install-cni
            image: calico/cni:v3.32.1
            env:
            - {name: CNI_NETWORK_CONFIG, valueFrom: {configMapKeyRef: {name: settings, key: cni}}}
            - {name: SLEEP, value: "false"}
            volumeMounts:
            - {mountPath: /calico-secrets, name: tls}
          containers:
          - name: calico-node
            image: calico/node:v3.32.1
            env:
            - {name: ETCD_CA_CERT_FILE, valueFrom: {configMapKeyRef: {name: settings, key: ca}}}
            - {name: ETCD_CERT_FILE, valueFrom: {configMapKeyRef: {name: settings, key: cert}}}
            - {name: ETCD_KEY_FILE, valueFrom: {configMapKeyRef: {name: settings, key: key}}}
            volumeMounts:
            - mountPath: /calico-secrets/
              name: tls
          volumes:
          - name: tls
            secret: {secretName: shared, defaultMode: 0400}  # both

    """

  static let deployment = """
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: controllers
      namespace: net
    spec:
      template:
        spec:
          containers:
          - name: calico-kube-controllers
            image: calico/kube-controllers:v3.32.1
            env:
            - name: ETCD_CA_CERT_FILE
              value: ''
            - name: ETCD_CERT_FILE
              value: /calico-secrets/etcd-cert
            - name: ETCD_KEY_FILE
              value: "/calico-secrets/etcd-key"
            volumeMounts: [{mountPath: /calico-secrets, name: 'tls'}]
          volumes: [{name: tls, secret: {secretName: 'shared'}}]

    """

  static let secret = """
    ---
    # comment of the Secret
    apiVersion: v1
    kind: Secret
    metadata: {name: shared, namespace: net}
    data: {}

    """

  static let whole = configMap + daemonSet + deployment + secret
}
