"""What can go wrong when programs manage applications, keys and teams."""

from apps.core.errors import Denied


class GrantTooLarge(Denied):
    """A credential hands out no more than it has itself."""

    code = "grant_too_large"


class SandboxCredentialNeeded(Denied):
    """A live credential does not make what is for sandboxes."""

    code = "sandbox_credential_needed"


class LiveCredentialNeeded(Denied):
    """A sandbox credential does not change what is real."""

    code = "live_credential_needed"
