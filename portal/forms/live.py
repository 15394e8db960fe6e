"""Choices of live data: offered to those who may make them; the others read who may."""

from typing import cast

from django import forms

from apps.orgs import permissions
from apps.tenants.models import Tenant


def keep_from(field: forms.Field, action: str, words: str) -> None:
    """Offer no live choice in ``field``; ``words`` say in the place of {who} who may do ``action``.

    Whoever sends one all the same is refused by the view, in words: it stays a valid choice.
    """
    widget = cast("forms.Select", field.widget)
    widget.choices = [(value, said) for value, said in widget.choices if not _is_live(value)]
    field.help_text = words.format(who=permissions.those_who_may(action))


def _is_live(value: object) -> bool:
    tenant = getattr(value, "instance", None)
    return tenant.livemode if isinstance(tenant, Tenant) else value == Tenant.Kind.LIVE
