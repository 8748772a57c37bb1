import Catalogue
import Segmentation

/// The account that reads the files of an identity on a host.
package struct CredentialReader: Hashable, Sendable {
  /// The owner of the key.
  package let owner: String
  package let group: String
  package let keyMode: UInt32

  /// The accounts of all identities of a segmentation.
  package struct Rules: Sendable {
    let release: CalicoRelease
    /// The account of each user that was named, as `USER` or `USER:GROUP`, by the name of the identity.
    let named: [String: String]

    package init(release: CalicoRelease, named: [String: String] = [:]) {
      self.release = release
      self.named = named
    }

    /// From v3.33 on, one image has the CNI installer, kube-controllers and Typha, and runs as 10001:10001 (Calico,
    /// `docker/calico/Dockerfile`).
    private static let oneImage = CalicoRelease(major: 3, minor: 33)

    /// The account for an identity at a site.
    package func reader(of resident: Site.Resident) -> CredentialReader {
      let identity = resident.identity
      if let account = named[identity.user] {
        let parts = account.split(separator: ":", maxSplits: 1).map(String.init)
        return CredentialReader(
          owner: parts[0], group: parts.count == 2 ? parts[1] : "root",
          keyMode: parts.count == 2 ? 0o440 : 0o400)
      }
      let isOneImage = release >= Self.oneImage
      switch resident.program {
      // Neutron's services run as the user neutron.
      case "neutron-driver", "dhcp-agent":
        return CredentialReader(owner: "root", group: "neutron", keyMode: 0o440)
      // Before v3.33 the images of kube-controllers and Typha run as user 999 in group root.
      case "kube-controllers", "typha":
        return CredentialReader(owner: "root", group: isOneImage ? "10001" : "root", keyMode: 0o440)
      case "cni-plugin" where isOneImage:
        return CredentialReader(owner: "root", group: "10001", keyMode: 0o440)
      default:
        let login = identity.isPerson ? Self.login(identity.user) : nil
        return CredentialReader(owner: login ?? "root", group: "root", keyMode: 0o400)
      }
    }

    /// The identities whose files only root can read because their names are no names of accounts.
    package func unreadable(among identities: [Identity]) -> [String] {
      identities.filter { $0.isPerson && named[$0.user] == nil && Self.login($0.user) == nil }.map(\.user)
    }

    /// A name that an account on a host may have (shadow-utils, `libmisc/chkname.c`); nil for others.
    private static func login(_ name: String) -> String? {
      let first = name.utf8.first.map { (0x61...0x7a).contains($0) || $0 == 0x5f } ?? false
      let isLogin =
        first && name.utf8.count <= 32
        && name.utf8.allSatisfy {
          (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f || $0 == 0x2d
        }
      return isLogin ? name : nil
    }
  }
}

extension Identity {
  /// Whether it is a person, or a program, that uses calicoctl.
  package var isPerson: Bool {
    if case .calicoctl = purpose { true } else { false }
  }
}
