"""How the words of a change are shown: parts of an API stand in backticks."""

import re
from typing import Final

from django import template
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
CODE: Final = re.compile(r"`([^`]+)`")


@register.filter
def coded(text: str) -> SafeString:
    """Return words with what is in backticks as code."""
    escaped = str(conditional_escape(text))
    return mark_safe(CODE.sub(r"<code>\1</code>", escaped))  # noqa: S308 - escaped above
