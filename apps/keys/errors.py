"""What can go wrong with API keys."""

from http import HTTPStatus

from apps.core.errors import Conflict, Denied, LimitReached, Problem, Unauthorized


class CredentialMissing(Unauthorized):
    """The request carries no credential."""

    code = "credential_missing"


class CredentialInUrl(Unauthorized):
    """A credential was sent in the URL, where logs keep it."""

    code = "credential_in_url"


class KeyMalformed(Unauthorized):
    """The credential does not have the shape of an API key."""

    code = "key_malformed"


class KeyBadChecksum(Unauthorized):
    """A character of the API key is wrong or missing."""

    code = "key_bad_checksum"


class KeyUnknown(Unauthorized):
    """The API key was never issued here."""

    code = "key_unknown"


class KeyRevoked(Unauthorized):
    """The API key was revoked."""

    code = "key_revoked"


class KeyExpired(Unauthorized):
    """The API key has expired."""

    code = "key_expired"


class KeyRotatedOut(Unauthorized):
    """The API key was replaced, and the time to change over has passed."""

    code = "key_rotated_out"


class KeyNotYetValid(Unauthorized):
    """The API key is not valid yet."""

    code = "key_not_yet_valid"


class WrongEnvironment(Unauthorized):
    """The credential names another environment than the one it belongs to."""

    code = "wrong_environment"


class IpNotAllowed(Denied):
    """The credential may not be used from this address."""

    code = "ip_not_allowed"


class UnknownScope(Problem):
    """A scope does not exist in the catalog."""

    code = "scope_unknown"


class KeyClosed(Conflict):
    """The API key is revoked or expired already."""

    code = "key_closed"


class KeyRotatedAlready(Conflict):
    """The API key has a successor already."""

    code = "key_rotated_already"


class NotRotating(Conflict):
    """The API key is not being handed over."""

    code = "key_not_rotating"


class LeakSignatureWrong(Unauthorized):
    """The report is not signed by somebody whom the operator trusts."""

    code = "leak_signature_wrong"


class LeakReportMalformed(Problem):
    """The body is not a list of findings."""

    code = "leak_report_malformed"


class LeakReportTooLarge(Problem):
    """The report is larger than the platform reads."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "leak_report_too_large"


class TooManyTries(LimitReached):
    """There were too many tries from this address."""

    code = "too_many_tries"
