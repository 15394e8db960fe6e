"""OAuth clients of an application: list, make, change, secrets, and what people will see."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.applications import presenting
from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Problem
from apps.oauth import captions, client_secrets, clients, scopes
from apps.oauth.models import Client, ClientSecret
from apps.oauth.models.client import ClientQuerySet, GrantType
from portal import consenting, refusals
from portal.forms import live
from portal.forms.client import ClientForm, SecretForm
from portal.request import PortalRequest, may, tenant_kind

SHOWN = 50


@login_required
@require_safe
def index(request: PortalRequest, application_id: str) -> HttpResponse:
    """List an application's clients."""
    application = application_of(request, application_id)
    rows = _mine(request).filter(application=application).order_by("-pk")[:SHOWN]
    context = {
        "application": application,
        "clients": rows,
        "changes": presenting.changes(application),
        "waiting": presenting.is_waiting(application),
    }
    return render(request, "portal/clients/index.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: PortalRequest, application_id: str) -> HttpResponse:
    """Make a client; a confidential one gets its first secret, shown in this answer only."""
    application = application_of(request, application_id)
    form = ClientForm(
        request.POST if request.method == "POST" else None,
        application=application,
        initial={"environment": tenant_kind(request)},
    )
    if not may(request, "client.create_live"):
        words = _("It cannot be changed later. Live clients are made by an {who}.")
        live.keep_from(form.fields["environment"], "client.create_live", words)
    if request.method == "POST":
        valid = form.is_valid()
        if stopped := refusals.of_live(request, form, "client.create_live"):
            return stopped
        if valid and (made := _create(request, application, form)):
            return _made(request, made)
    context = {"application": application, "form": form}
    return render(request, "portal/clients/new.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: PortalRequest, client_id: str) -> HttpResponse:
    """Show a client; POST changes it."""
    client = _client(request, client_id)
    form = ClientForm(request.POST or None, application=client.application, client=client)
    if request.method == "POST":
        if stopped := refusals.of_live(request, client, "client.change_live"):
            return stopped
        if form.is_valid() and _change(request, client, form):
            return redirect("portal:applications-client", client.client_id)
    context = {
        "client": client,
        "application": client.application,
        "form": form,
        "secrets": client.secrets.with_tokens()[:20],
        "secret_form": SecretForm(),
        "issuer": settings.PORTAL_URL,
    }
    return render(request, "portal/clients/detail.html", context)


@login_required
@require_safe
def preview(request: PortalRequest, client_id: str) -> HttpResponse:
    """Show the consent page as an end user would see it; nothing can be answered on it."""
    client = _client(request, client_id)
    names = [scopes.OPENID, *scopes.default(client)]
    if client.allows_grant_type(GrantType.REFRESH):
        names.append(scopes.OFFLINE)
    context = consenting.page(client, list(dict.fromkeys(names)), request.user)
    context |= {"test_users": [], "bare": scopes.only_tell_who(names)}
    return render(request, "portal/clients/preview.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: PortalRequest, client_id: str) -> HttpResponse:
    """Delete a client: a page that asks once, and the act."""
    client = _client(request, client_id)
    if request.method != "POST":
        return render(request, "portal/clients/delete.html", {"client": client})
    application = client.application_id
    clients.delete(client, actor=request.user)
    messages.success(request, _("The client is deleted, and its tokens have ended."))
    return redirect("portal:applications-oauth", application)


@login_required
@never_cache
@require_POST
def add_secret(request: PortalRequest, client_id: str) -> HttpResponse:
    """Add a secret, shown in this answer only; the others end after the overlap."""
    client = _client(request, client_id)
    if stopped := refusals.of_live(request, client, "client.secret_create_live"):
        return stopped
    form = SecretForm(request.POST)
    if not form.is_valid():
        return redirect("portal:applications-client", client.client_id)
    life, overlap = form.cleaned_data["life"], form.cleaned_data["overlap"]
    expires_at = clock.real() + timedelta(days=int(life)) if life else None
    try:
        secret, text = client_secrets.add_secret(client, expires_at=expires_at, actor=request.user)
    except Problem as problem:
        messages.error(request, problem.detail)
        return redirect("portal:applications-client", client.client_id)
    if overlap:
        hours = timedelta(hours=int(overlap))
        client_secrets.retire_others(secret, overlap=hours, actor=request.user)
    return render(request, "portal/clients/secret.html", {"client": client, "secret": text})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_secret(request: PortalRequest, client_id: str, secret_id: str) -> HttpResponse:
    """Close a secret: a page that asks once, and the act."""
    client = _client(request, client_id)
    secret = get_object_or_404(ClientSecret, pk=secret_id, client=client)
    if request.method != "POST":
        context = {"client": client, "secret": secret}
        return render(request, "portal/clients/revoke_secret.html", context)
    client_secrets.revoke_secret(secret, actor=request.user)
    messages.success(request, _("The secret is revoked."))
    return redirect("portal:applications-client", client.client_id)


def application_of(request: PortalRequest, application_id: str) -> Application:
    """Return an application that the developer may see; 404 otherwise."""
    mine = Application.objects.visible_to(request.user).select_related(
        "organization", "logo", "presentation"
    )
    return get_object_or_404(mine, pk=application_id)


def _mine(request: PortalRequest) -> ClientQuerySet:
    mine = Client.objects.visible_to(request.user)
    return mine.select_related(*captions.NEEDED)


def _client(request: PortalRequest, client_id: str) -> Client:
    return get_object_or_404(_mine(request), client_id=client_id)


def _change(request: PortalRequest, client: Client, form: ClientForm) -> bool:
    try:
        clients.change(client, **form.values(), actor=request.user)
    except Problem as problem:
        client.refresh_from_db()  # as it was: the page shows what holds
        form.refuse(problem)
        return False
    messages.success(request, _("Saved."))
    return True


def _create(request: PortalRequest, of: Application, form: ClientForm) -> Client | None:
    try:
        return clients.create(of, **form.values(), actor=request.user)
    except Problem as problem:
        form.refuse(problem)
        return None


def _made(request: PortalRequest, client: Client) -> HttpResponse:
    secret = ""
    if client.authentication in {Client.Auth.BASIC, Client.Auth.POST}:
        _secret, secret = client_secrets.add_secret(client, actor=request.user)
    context = {"client": client, "secret": secret, "made": True}
    return render(request, "portal/clients/secret.html", context)
