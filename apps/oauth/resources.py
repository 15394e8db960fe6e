"""What a token may be for (RFC 8707): the origin of the APIs, or one API below it."""

from collections.abc import Iterable, Sequence

from django.conf import settings

from apps.catalog.models import Api, ApiVersion
from apps.oauth.errors import InvalidTargetError


def check(asked: Iterable[str], *, organization: str) -> list[str]:
    """Return the resources ``asked`` for, each once; raise when one is none of ours.

    An API that the client's ``organization`` may not know of is none.
    """
    wanted = list(dict.fromkeys(resource.rstrip("/") for resource in asked))
    if not wanted or wanted == [settings.API_URL]:
        return wanted
    bases = {settings.API_URL}
    shown = ApiVersion.objects.filter(api__in=Api.objects.shown_to(organization))
    for slug, major in shown.values_list("api__slug", "major"):
        bases.add(f"{settings.API_URL}/{slug}/v{major}")
    for resource in wanted:
        if resource not in bases:
            raise InvalidTargetError(
                f"{resource[:200]} is none of our APIs. Ask for {settings.API_URL}, "
                "or for an API's own base below it."
            )
    return wanted


def narrow(asked: Sequence[str], granted: Sequence[str], *, organization: str) -> list[str]:
    """Return what a token request gets: all that was granted, or the part it asks for."""
    if not asked:
        return list(granted)
    wanted = check(asked, organization=organization)
    for resource in wanted:
        if granted and not any(covers(base, resource) for base in granted):
            raise InvalidTargetError(f"{resource[:200]} goes beyond what was authorized.")
    return wanted


def covers(base: str, resource: str) -> bool:
    """Tell whether ``resource`` is ``base`` or below it."""
    return f"{resource.rstrip('/')}/".startswith(f"{base.rstrip('/')}/")
