"""What scopes mean, for whoever is asked to allow one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.catalog.models import Operation, organizations_of
from apps.oauth import scopes
from portal import library


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List every scope: its words, its risk, and the operations that need it."""
    visible = Operation.objects.visible_to(request.user).defer("version__document")
    known = visible.select_related("version__api").order_by("path", "method")
    needing: dict[str, list[Operation]] = {}
    for operation in known:
        for name in operation.scopes:
            needing.setdefault(name, []).append(operation)
    shown = scopes.known(*organizations_of(request.user))
    rows = [(words, needing.get(words.name, [])) for words in shown.values()]
    context = {
        "guides": library.guides(),
        "catalog": [row for row in rows if row[0].name not in scopes.OIDC],
        "oidc": [row for row in rows if row[0].name in scopes.OIDC],
    }
    return render(request, "portal/docs/scopes.html", context)
