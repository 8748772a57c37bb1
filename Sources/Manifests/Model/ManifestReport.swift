import Errors

/// The place in a file that a fault, a warning or a change refers to.
package struct ManifestPlace: Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Counted from 1.
  package var line: Int
  /// `Kind/name`, if the place is in an object.
  package var object: String?
  /// The container, volume or key, such as `container etcd-probe`.
  package var part: String?

  package init(file: String, line: Int, object: String? = nil, part: String? = nil) {
    self.file = file
    self.line = line
    self.object = object
    self.part = part
  }

  /// `calico.yaml:577: DaemonSet/calico-node, container etcd-probe`
  package var description: String {
    let names = [object, part].compactMap(\.self).joined(separator: ", ")
    return "\(file):\(line):" + (names.isEmpty ? "" : " \(names)")
  }
}

/// One reason why a manifest cannot be segmented as it is.
package struct ManifestFault: Sendable, Equatable, CustomStringConvertible {
  package let place: ManifestPlace
  /// What was found, in words that follow the place.
  package let message: String
  /// What to do about it.
  package let hint: String

  package var description: String {
    place.object == nil && place.part == nil ? "\(place) the file \(message)" : "\(place) \(message)"
  }
}

/// The manifest is refused and nothing is written. Contains all faults of the file, in the order of its
/// lines.
package struct ManifestRefusal: ExplainedError, Sendable, Equatable {
  package let faults: [ManifestFault]

  package var message: String { faults.map(\.description).joined(separator: "\n") }
  package var hint: String? {
    var hints: [String] = []
    for fault in faults where !hints.contains(fault.hint) { hints.append(fault.hint) }
    return hints.joined(separator: "\n")
  }
  package var description: String { message }
}

/// One change of an object, with the line in the original.
package struct ManifestChange: Sendable, Equatable, CustomStringConvertible {
  package let place: ManifestPlace
  package let what: String

  package var description: String { "\(place) \(what)" }
}

/// A known problem that an edit of the manifest cannot solve.
package struct ManifestWarning: Sendable, Equatable, CustomStringConvertible {
  /// A stable name for programs.
  package enum Kind: String, Sendable, CaseIterable {
    case sharedSecretPopulated = "shared-secret-populated"
    case secretReferencedElsewhere = "secret-referenced-elsewhere"
    case secretAlreadyPresent = "secret-already-present"
    case inlineSecret = "inline-secret"
    case modeNotGroupReadable = "mode-not-group-readable"
    case secretOptional = "secret-optional"
    case subPath = "sub-path"
    case imageNotRecognised = "image-not-recognised"
    case objectNotRecreated = "object-not-recreated"
    case configMapElsewhere = "configmap-elsewhere"
    case endpointsWithoutTLS = "endpoints-without-tls"
    case compactionPeriod = "compaction-period"
    case installerSleeps = "installer-sleeps"
    case installerRotation = "installer-rotation"
    case installerFaulty = "installer-faulty"
    case cniDirectory = "cni-directory"
    case updatesOnDelete = "updates-on-delete"
    case hostFiles = "host-files"
    case hostLeftovers = "host-leftovers"
    case agent = "agent"
    case agentSource = "agent-source"
    case agentMemory = "agent-memory"
    case unprivilegedImage = "unprivileged-image"
    case canal = "canal"
  }

  package let kind: Kind
  package let place: ManifestPlace
  package let message: String
  package let hint: String

  package var description: String { "\(place) \(message)" }
}
