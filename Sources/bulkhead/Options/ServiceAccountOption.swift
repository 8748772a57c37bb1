import Arguments
import AuthorityServer

/// The Kubernetes cluster whose service-account tokens are accepted.
struct ServiceAccountOption: ParsableArguments {
  @Option(
    help:
      "The cluster's public keys: a file with its key set, or the URL of the API server's /openid/v1/jwks.")
  var kubernetesKeys: String?
  @Option(help: "What the API server's --service-account-issuer is.") var kubernetesIssuer: String?
  @Option(help: "The audience that service-account tokens must be made for.")
  var kubernetesAudience = "bulkhead"
  @Option(help: "The authority of the API server's certificate, in PEM.") var kubernetesCa: String?
  @Option(help: "A file with a token to ask the API server with.") var kubernetesToken: String?
  @Option(
    help: "The API server's URL, to ask it with a TokenReview whether the pod of a token still exists.")
  var kubernetesReview: String?
  @Option(
    help:
      "NAMESPACE/NAME=COMPONENT[,COMPONENT]: what a service account may ask for; may be repeated. Calico's own if none is given."
  )
  var serviceAccount: [String] = []

  func validate() throws {
    guard (kubernetesKeys == nil) == (kubernetesIssuer == nil) else {
      throw ValidationError("--kubernetes-keys and --kubernetes-issuer go together")
    }
    // The two are for requests to the API server.
    if kubernetesKeys?.hasPrefix("https://") != true, kubernetesReview == nil {
      guard kubernetesCa == nil, kubernetesToken == nil else {
        throw ValidationError(
          "--kubernetes-ca and --kubernetes-token go with --kubernetes-keys URL or --kubernetes-review")
      }
    }
    if let kubernetesReview {
      guard kubernetesReview.hasPrefix("https://"), kubernetesReview.dropFirst(8).contains("/") == false
      else {
        throw ValidationError(
          "--kubernetes-review takes the API server's URL without a path: https://10.96.0.1")
      }
      guard kubernetesKeys != nil, kubernetesToken != nil else {
        throw ValidationError("--kubernetes-review needs --kubernetes-keys and --kubernetes-token")
      }
    }
    for text in serviceAccount where Self.parse(text) == nil {
      throw ValidationError("--service-account takes NAMESPACE/NAME=COMPONENT, not \(text)")
    }
  }

  var settings: ServiceAccountSettings? {
    guard let kubernetesKeys, let kubernetesIssuer else { return nil }
    let named = Dictionary(serviceAccount.compactMap(Self.parse), uniquingKeysWith: +)
    var settings = ServiceAccountSettings(
      keys: kubernetesKeys.hasPrefix("https://")
        ? .url(kubernetesKeys, authority: kubernetesCa, tokenFile: kubernetesToken) : .file(kubernetesKeys),
      issuer: kubernetesIssuer, audience: kubernetesAudience,
      components: named.isEmpty ? ServiceAccountSettings.calico : named)
    if let kubernetesReview, let kubernetesToken {
      settings.reviewer = ServiceAccountSettings.Reviewer(
        url: kubernetesReview, authority: kubernetesCa, tokenFile: kubernetesToken)
    }
    return settings
  }

  private static func parse(_ text: String) -> (String, [String])? {
    let halves = text.split(separator: "=", omittingEmptySubsequences: false)
    guard halves.count == 2, halves[0].split(separator: "/").count == 2 else { return nil }
    let components = halves[1].split(separator: ",").map(String.init)
    return components.isEmpty ? nil : (String(halves[0]), components)
  }
}
