"""How a deprecated part of a request is named: ``query parameter page``."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.catalog import ending

register = template.Library()


@register.filter
def part(text: str) -> SafeString:
    """Return a part such as ``body:customer/name`` for people."""
    found = ending.read(text)
    names = {
        "query": _("query parameter"),
        "header": _("header"),
        "body": _("property of the body"),
    }
    return format_html("{} <code>{}</code>", names.get(found.place, found.place), found.name)
