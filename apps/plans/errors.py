"""What can go wrong with plans."""

from apps.core.errors import Conflict


class RequestWaits(Conflict):
    """A request for another plan waits for its answer already."""

    code = "plan_request_waits"


class RequestDecided(Conflict):
    """The request for another plan was decided or withdrawn already."""

    code = "plan_request_decided"


class OverrideEnded(Conflict):
    """The override has ended already."""

    code = "override_ended"
