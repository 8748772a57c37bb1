/// What exit code 2 of each verb means: the verb worked and found something that needs an action. Help and
/// Documentation/reference/exit-codes.md show it. A verb that is not here never ends with 2.
enum VerbExitCodes {
  static let actionNeeded: [String: String] = [
    "plan":
      "There are changes to make; a difference that stays lets a client act as an administrator, reach the file's keys "
      + "or act with a password (others that 'management' leaves alone do not count); an alarm is active; a rule of "
      + "the file does not hold; or a shared user is missing because 'apply --stage clean' was killed.",
    "apply":
      "Changes, or users with more access than the file gives, were only visible once authentication was on, or the "
      + "shared user was recreated.",
    "undo": "Something is not as before the change; with --plan also that there are steps to make.",
    "restore": "Something is not as in the export; with --plan also that there are steps to make.",
    "watch": "With --once: something needs action.",
    "verify":
      "Users, roles or answers differ from the file, a member is unreachable or disagrees, authentication is off, a "
      + "peer port admits clients, a rule of the file does not hold, or a vulnerability was seen open that neither "
      + "--accept nor 'accept' in the file names; with --strict also a known vulnerability of the servers' releases. "
      + "With --identity, --member or --from it concerns these alone.",
    "preflight": "A finding is at least as severe as --fail-on.",
    "can": "No. (1 if it is not known.)",
    "compare": "With --no-new-access: an identity gains access, or a rule does not hold in the second.",
    "lint": "A finding that the file does not accept is at least as severe as --fail-on.",
    "manifest": "With --check: the manifest is not segmented.",
    "certs issue": "An identity gets no certificate, because 'certs revoke' has blocked it.",
    "certs renew": "An identity gets no certificate, because 'certs revoke' has blocked it.",
    "certs trust": "A member is not known to accept certificates of the authority.",
    "certs revoke": "With --cut-off: a member is not known to refuse the revoked certificates.",
    "certs list":
      "A certificate needs attention: it is due for renewal, has ended in use, is revoked and its file still there, or is "
      + "valid and its holder is not in the file any more, such as a removed node; or the revocation list is out of "
      + "date.",
    "certs inspect":
      "The certificate needs attention: it has ended, is due for renewal or revoked, or programs differ about whose it "
      + "is. With --for: it cannot stay in use as the certificate of this identity, because it is not signed by the "
      + "authority of the file, is revoked, has ended, or is for another name; that it is due does not count.",
    "certs rollover": "Without --next: a roll-over has been started and is not finished.",
    "agent":
      "With --once or --check: a certificate is due, or a step failed, and each certificate can be used. (1 if one "
      + "cannot.)",
  ]
}
