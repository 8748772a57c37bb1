import Etcd
import Reconciliation
import Segmentation

/// What kube-apiserver cannot do without the role root, by the members' releases.
enum APIServerChecks {
  static func findings(_ segmentation: Segmentation, _ assessment: ServerAssessment) -> [PreflightFinding] {
    let releases = assessment.members.map { ($0.name, $0.status.version) }
    return segmentation.apiServersWithoutRoot.flatMap { user in
      APIServerWithoutRoot.effects(at: releases).map { effect in
        PreflightFinding(
          .apiServerWithoutRoot, "user \(user)", "kube-apiserver's user '\(user)': \(effect.words)",
          severity: effect.isExpected ? .info : nil)
      }
    }
  }
}
