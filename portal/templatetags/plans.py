"""Limits in words."""

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.plans.limits import Policy

register = template.Library()


@register.filter
def allows(policy: Policy) -> str:
    """Write what a policy allows: ``100 requests per second, 150 at once``."""
    limit = intcomma(policy.limit)
    if policy.kind == "concurrency":
        return _("%(limit)s requests at the same time") % {"limit": limit}
    if policy.kind == "quota":
        words = (
            _("%(limit)s units per day")
            if policy.period == "day"
            else _("%(limit)s units per month")
        )
        return words % {"limit": limit}
    rate = ngettext(
        "%(limit)s requests per second", "%(limit)s requests per %(seconds)s s", policy.window
    ) % {"limit": limit, "seconds": intcomma(policy.window)}
    return f"{rate}, {_('%s at once') % intcomma(policy.burst)}" if policy.burst else rate


@register.filter
def counts(policy: Policy) -> str:
    """Write whose requests a policy counts together, and which."""
    whose = {
        "application": _("application"),
        "key": _("each key"),
        "subject": _("each end user"),
    }[policy.scope]
    which = ", ".join(policy.operations) or policy.api
    return f"{whose} · {which}" if which else whose
