"""What templates call an OAuth client in front of people."""

from django import template

from apps.oauth import captions
from apps.oauth.models import Client

register = template.Library()


@register.filter
def caption(client: Client) -> captions.Caption:
    """Return under which name and picture people meet ``client``: ``{{ client|caption }}``."""
    return captions.of(client)
