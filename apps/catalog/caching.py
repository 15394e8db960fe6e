"""Letting gateways forget answers that they keep."""

import re

from django.db import transaction

from apps.catalog.models import Api
from apps.catalog.policies import TAG
from apps.core.errors import Unprocessable
from apps.events import services as events
from apps.events.services import Known


@transaction.atomic
def purge(api: Api, *, tag: str = "", reason: str = "", actor: Known | None) -> None:
    """Forget what gateways keep of ``api``, or only answers under the surrogate key ``tag``.

    They hear of it within a second, by the event log.
    """
    if tag and not re.fullmatch(TAG, tag):
        raise Unprocessable(
            f"{tag[:80]!r} is no surrogate key: they have letters, digits and _ . : - in them.",
            param="tag",
        )
    events.emit("catalog.purged", api, actor=actor, api=api.slug, tag=tag, reason=reason)
