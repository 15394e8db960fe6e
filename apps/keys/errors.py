"""What can go wrong with API keys."""

from apps.core.errors import Denied, Problem, Unauthorized


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
