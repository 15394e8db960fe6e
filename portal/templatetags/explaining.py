"""How the values of a decision are written."""

from collections.abc import ItemsView
from typing import Any

from django import template

from portal import explaining

register = template.Library()


@register.filter
def as_table(values: dict[str, Any]) -> ItemsView[str, str]:
    """Return names and values without nesting: ``{% for name, value in values|as_table %}``."""
    return explaining.table(values).items()
