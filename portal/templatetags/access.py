"""What a page shows depends on the role of its reader: nobody is offered what is refused."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

from apps.oauth import captions
from portal import asking
from portal import request as portal

register = template.Library()


@register.simple_tag(takes_context=True)
def may(context: template.Context, action: str) -> bool:
    """Tell whether the reader's role allows ``action``: ``{% may "key.create" as able %}``."""
    return portal.may(context["request"], action)


@register.simple_tag(takes_context=True)
def asked_by(context: template.Context) -> captions.Caption | None:
    """Return which application waits for this sign-in: ``{% asked_by as asker %}``."""
    return asking.asker(context["request"])


@register.filter
def as_json(value: Any) -> str:
    """Write ``value`` as JSON for an attribute that a module reads."""
    return json.dumps(value, cls=DjangoJSONEncoder)
