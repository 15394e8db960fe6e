"""What can go wrong with applications."""

from apps.core.errors import Conflict, Denied


class NotApproved(Denied):
    """The application is not approved for live traffic."""

    code = "application_not_approved"


class ScopeNotApproved(Denied):
    """The application is not approved for a scope on live data."""

    code = "scope_not_approved"


class Suspended(Denied):
    """The application is suspended."""

    code = "application_suspended"


class WayBackClosed(Conflict):
    """The way back to an older revision is closed."""

    code = "revision_closed"


class WrongState(Conflict):
    """The application is not in a state from which this is possible."""

    code = "application_state"
