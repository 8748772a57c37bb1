import Arguments

/// An example or two for each verb, which its help shows. A test looks at each: its verb and its options exist.
enum VerbExamples {
  static let all: [String: [CommandExample]] = [
    "init": [
      .init("bulkhead init --endpoint https://10.0.0.11:2379 --ca etcd-ca.crt", "A file to begin with"),
      .init("bulkhead init --file new.yaml --calicoctl alice=read-only", "Another file, with a person"),
    ],
    "preflight": [
      .init("bulkhead preflight", "Before authentication is turned on"),
      .init("bulkhead preflight --output sarif --fail-on error", "In a pipeline"),
    ],
    "plan": [
      .init("bulkhead plan", "What 'apply' would change"),
      .init("bulkhead plan --output json", "For a program"),
    ],
    "apply": [.init("bulkhead apply --enable-auth", "Make the users and roles, then turn authentication on")],
    "history": [.init("bulkhead history", "Who changed users and roles, and when")],
    "undo": [.init("bulkhead undo", "Take back the last change")],
    "export": [
      .init("bulkhead export --out users-and-roles.json", "Keep users and roles, beside the snapshots")
    ],
    "restore": [
      .init("bulkhead restore users-and-roles.json --plan", "What differs after a restored snapshot")
    ],
    "access": [
      .init("bulkhead access alice --as policy-editor --for 1h --why incident", "Access that ends by itself")
    ],
    "show": [
      .init("bulkhead show", "Who may read and write where"),
      .init("bulkhead show --output map >key-space.svg", "A picture of the key space"),
    ],
    "report": [
      .init("bulkhead report --with verify.json --to report.html", "One page, with the proof of 'verify'")
    ],
    "verify": [
      .init("bulkhead verify", "Ask each member with each certificate"),
      .init("bulkhead verify --identity cni-plugin --output json", "One identity, for a program"),
    ],
    "watch": [.init("bulkhead watch", "Look at the cluster again and again")],
    "manifest": [
      .init(
        "bulkhead manifest calico-etcd.yaml | kubectl apply --server-side -f -",
        "Give each component its own Secret")
    ],
    "certs": [
      .init("bulkhead certs authority --clients-only", "Make an authority"),
      .init("bulkhead certs issue", "A certificate for each identity of the file"),
    ],
    "certs authority": [
      .init(
        "bulkhead certs authority --clients-only --protect", "For clients only, its key with a passphrase")
    ],
    "certs import": [
      .init("bulkhead certs import --certificate ca.crt --key ca.key", "Take over an authority that exists")
    ],
    "certs issue": [
      .init("bulkhead certs issue", "Certificates for all identities that have none"),
      .init("bulkhead certs issue --root", "The administrator's too"),
    ],
    "certs renew": [.init("bulkhead certs renew", "Renew those that are due")],
    "certs revoke": [
      .init("bulkhead certs revoke calico-node --node node-7 --with-renewals", "Those of one node")
    ],
    "certs list": [
      .init("bulkhead certs list --expires-within 14d", "Those that end soon; exit code 2 if there are any")
    ],
    "certs inspect": [.init("bulkhead certs inspect pki/clients/calico-node.crt", "What a certificate says")],
    "certs sign": [
      .init(
        "bulkhead certs sign alice.csr --identity alice --person --to alice.crt",
        "A key that its owner has made")
    ],
    "certs crl": [.init("bulkhead certs crl --next-update 7d", "Write the revocation list again")],
    "certs trust": [.init("bulkhead certs trust", "Does each member trust the authority?")],
    "certs member": [
      .init(
        "bulkhead certs member etcd-1 --authority members --host 10.0.0.11",
        "Server and peer certificates of a member")
    ],
    "certs rollover": [
      .init("bulkhead certs rollover", "Show the next step"),
      .init("bulkhead certs rollover --next", "Take it"),
    ],
    "certs unblock": [.init("bulkhead certs unblock calico-node", "Issue for a revoked identity again")],
    "authority": [
      .init("bulkhead authority serve --host authority.example.org", "Start the enrolment server")
    ],
    "authority serve": [
      .init(
        "bulkhead authority serve --host authority.example.org --audit audit.log",
        "With a server certificate for this name")
    ],
    "authority sign": [
      .init(
        "bulkhead authority sign --socket /run/bulkhead/signer.sock", "The signer, apart from the network")
    ],
    "authority token": [
      .init("bulkhead authority token --node node-1 --to token", "A join token for a node")
    ],
    "authority token create": [
      .init("bulkhead authority token create --node node-1 --to token", "For one node, usable once")
    ],
    "authority token list": [.init("bulkhead authority token list --all", "With used and expired ones")],
    "authority token revoke": [.init("bulkhead authority token revoke 0123456789ab", "By its id")],
    "authority audit": [.init("bulkhead authority audit audit.log --verify", "Is the log complete?")],
    "catalogue": [
      .init("bulkhead catalogue calico-node", "What one component needs, and why"),
      .init("bulkhead catalogue --features", "What may be listed under 'features'"),
    ],
    "can": [.init("bulkhead can cni-plugin put /calico/ipam/v2/config", "Yes or no, and why")],
    "who-can": [.init("bulkhead who-can write /registry/secrets/ --prefix", "Who may write Secrets")],
    "compare": [
      .init("bulkhead compare old.yaml bulkhead.yaml --no-new-access", "Exit code 2 if somebody gains access")
    ],
    "lint": [
      .init("bulkhead lint", "Check bulkhead.yaml"),
      .init("bulkhead lint other.yaml --fail-on error", "Another file, in a pipeline"),
    ],
    "bundle": [.init("bulkhead bundle --as ansible --to bundle", "For Ansible")],
    "agent": [.init("bulkhead agent --config /etc/bulkhead/agent.yaml --once", "Get what is missing or due")],
    "demo": [
      .init("bulkhead demo", "All steps on temporary servers"),
      .init("bulkhead demo --keep /tmp/demo", "Keep the files, to look around"),
    ],
    "schema": [.init("bulkhead schema agent >agent.schema.json", "The schema of agent.yaml")],
    "version": [.init("bulkhead version --output json", "For an inventory")],
  ]
}
