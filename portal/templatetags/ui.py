"""Small parts that pages repeat: icons, pills, and how values are written."""

from datetime import datetime

from django import template
from django.forms.boundfield import BoundField
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide

from apps.core import clock

register = template.Library()

SECOND, TEN = 1000, 10  # milliseconds
STATUS_TONES = {2: "text-success", 3: "text-info", 4: "text-warning", 5: "text-error"}
STATE_TONES = {
    "draft": "muted",
    "submitted": "text-info",
    "changes_requested": "text-warning",
    "approved": "text-success",
    "rejected": "text-error",
    "suspended": "text-error",
    "active": "text-success",
    "retiring": "text-info",
    "waiting": "text-info",
    "rotated": "muted",
    "revoked": "text-error",
    "expired": "text-warning",
    "live": "text-success",
    "sandbox": "text-warning",
}


@register.simple_tag
def icon(name: str, size: int = 16, classes: str = "") -> SafeString:
    """Return a Lucide icon as inline SVG that screen readers pass over."""
    look = {"class": f"shrink-0 {classes}".strip(), "aria_hidden": "true"}
    return SafeString(lucide(name, size=size, **look))


@register.simple_tag
def status_pill(status: int | None) -> SafeString:
    """Return an HTTP status in the colour of its class."""
    if not status:
        return format_html('<span class="pill muted font-mono">{}</span>', "—")
    tone = STATUS_TONES.get(status // 100, "muted")
    return format_html('<span class="pill {} font-mono tabular-nums">{}</span>', tone, status)


@register.simple_tag
def state_pill(state: str, label: str = "") -> SafeString:
    """Return a state of an application or key, or an environment, in its colour."""
    tone = STATE_TONES.get(state, "muted")
    return format_html('<span class="pill {}">{}</span>', tone, label or state.replace("_", " "))


@register.filter
def duration(milliseconds: float | None) -> str:
    """Write a duration for people: ``0.8 ms``, ``31 ms``, ``1.2 s``."""
    if milliseconds is None:
        return "—"
    if milliseconds >= SECOND:
        return f"{milliseconds / SECOND:.1f} s"
    return f"{milliseconds:.1f} ms" if milliseconds < TEN - 0.05 else f"{milliseconds:.0f} ms"


@register.filter
def percent(share: float) -> str:
    """Write a share from 0 to 1 as a percentage with as many digits as it deserves."""
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{share:.2%}" if share < 0.01 else f"{share:.1%}"  # noqa: PLR2004 - one per cent


@register.filter
def ago(moment: datetime | None) -> str:
    """Write how long ago ``moment`` was in one short unit, such as ``4 min``."""
    if moment is None:
        return "never"
    seconds = max(int((clock.real() - moment).total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return "just now"


@register.simple_tag
def widget(field: BoundField, classes: str) -> SafeString:
    """Return a form field's input with ``classes``; Django itself links help and errors to it."""
    if field.errors:
        classes = f"{classes} input-error"
    return field.as_widget(attrs={"class": classes})
