"""What mends a refusal, and the page where that is done: one entry for each code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.applications.models import Application
from apps.usage.decisions import Decision
from apps.usage.selectors.requests import RequestRow

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Fix:
    """What to do, and where. ``action`` is what a role must allow for it; empty means nothing."""

    summary: Words
    label: Words
    path: str
    action: str = ""

    @property
    def url(self) -> str:
        """Return the page's whole address."""
        return f"{settings.PORTAL_URL}{self.path}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that was refused, by which decision."""

    row: RequestRow
    decision: Decision

    @property
    def of_client(self) -> bool:
        """Tell whether an access token was used, and not a key."""
        return (self.row.key_id or "").startswith("cli_")

    @property
    def livemode(self) -> bool:
        """Tell whether it was about live data."""
        return bool(self.row.livemode)


Mend = Callable[[Refusal], Fix]


def fix(row: RequestRow, decision: Decision | None) -> Fix | None:
    """Return what mends ``row``; None where nothing was refused."""
    if not row.code:
        return None
    mend = MENDS.get(row.code)
    refusal = Refusal(row, decision or Decision("", "failed", ""))
    return mend(refusal) if mend and row.application_id else _read(refusal)


def _page(name: str, *args: str | None, anchor: str = "") -> str:
    return reverse(f"portal:{name}", args=args) + (f"#{anchor}" if anchor else "")


def _guide(summary: Words, label: Words, slug: str, anchor: str = "") -> Mend:
    return lambda _: Fix(summary, label, _page("docs-guide", slug, anchor=anchor))


def _read(refusal: Refusal) -> Fix:
    return Fix(
        _("The page about this code says what to do."),
        _("How to fix it"),
        _page("error", refusal.row.code),
    )


def _another(summary: Words) -> Mend:
    """Lead to a new key like the one that was used; to the client where a token was."""

    def mend(refusal: Refusal) -> Fix:
        if refusal.of_client:
            return _client(refusal, summary)
        return _new_key(refusal, summary)

    return mend


def _new_key(refusal: Refusal, summary: Words, scopes: Sequence[str] = ()) -> Fix:
    row = refusal.row
    asked = [("application", row.application_id or ""), ("like", row.key_id or "")]
    asked += [("scope", name) for name in scopes]
    action = "key.create_live" if refusal.livemode else "key.create"
    page = f"{_page('keys-new')}?{urlencode(asked)}"
    return Fix(summary, _("Create a key like it"), page, action)


def _client(refusal: Refusal, summary: Words) -> Fix:
    page = _page("applications-client", refusal.row.key_id)
    return Fix(summary, _("Open the client"), page, "client.read")


def _scope(refusal: Refusal) -> Fix:
    row = refusal.row
    needed = [str(name) for name in refusal.decision.values.get("needs", [])]
    needed = needed or [str(refusal.decision.values.get("scope", ""))]
    if refusal.of_client:
        return _client(refusal, _("Let the client ask for the scope, and get a new token."))
    application = Application.objects.filter(pk=row.application_id).first()
    approved = application.approved_scopes if application else []
    if refusal.livemode and not set(needed) <= set(approved):
        return Fix(
            _("Ask for the scope first: it is not approved for the application yet."),
            _("Ask for scopes"),
            _page("applications-scopes", row.application_id),
            "application.change",
        )
    words = _("A key's scopes never change. Create one that has this scope too, and use it.")
    return _new_key(refusal, words, needed)


def _network(refusal: Refusal) -> Fix:
    words = _("Call from one of the networks, or add this address to them.")
    if refusal.of_client:
        return _client(refusal, words)
    return Fix(
        words, _("Change its networks"), _page("keys-change", refusal.row.key_id), "key.change"
    )


def _successor(refusal: Refusal) -> Fix:
    words = _("The key has a successor: use that one.")
    return Fix(words, _("Find the successor"), _page("keys"), "key.read")


def _environment(refusal: Refusal) -> Fix:
    words = _("Use a credential of the environment whose data you want.")
    if refusal.of_client:
        page = _page("applications-oauth", refusal.row.application_id)
        return Fix(words, _("Open the clients"), page, "client.read")
    return Fix(words, _("Open the keys"), _page("keys"), "key.read")


def _of_application(summary: Words, label: Words, page: str, action: str) -> Mend:
    return lambda refusal: Fix(summary, label, _page(page, refusal.row.application_id), action)


def _reference(summary: Words) -> Mend:
    return lambda _refusal: Fix(summary, _("Open the API explorer"), _page("swagger"))


APPROVAL: Final = _of_application(
    _("Live traffic needs approval. Until then, call with a sandbox key."),
    _("Submit for review"),
    "applications-submit",
    "application.submit",
)
SUSPENSION: Final = _of_application(
    _("The application's page says why. Only the operator can end it: answer by mail."),
    _("Read the reason"),
    "applications-detail",
    "application.read",
)
LIMIT: Final = _of_application(
    _("Wait until the limit allows it again, or ask for a plan that allows more."),
    _("See the limits"),
    "applications-limits",
    "application.read",
)
RETRY: Final = _guide(
    _("Nothing is wrong with the request. Send it again, with growing pauses."),
    _("What to retry"),
    "handling-errors",
    "what-to-retry",
)
TOKEN: Final = _guide(
    _("Renew the token, or ask the person again."),
    _("Renew a token"),
    "oauth-step-by-step",
    "renew",
)
PROOF: Final = _guide(
    _("The token is bound to a key: send a proof of having it with every request."),
    _("How to prove it"),
    "oauth-without-secrets",
    "bind-tokens-to-the-key",
)
IDEMPOTENCY: Final = _guide(
    _("Send another request under another idempotency key."),
    _("About idempotency keys"),
    "idempotency",
)
REVISION: Final = _of_application(
    _("Name a revision that there is, or leave Trellis-Version out."),
    _("See the revisions"),
    "applications-revisions",
    "application.read",
)
INPUT: Final = _reference(_("Correct what is named above, and send the request again."))
PLACE: Final = _reference(_("Look up the operation: its address, its version and its methods."))

MENDS: Final[dict[str, Mend]] = {
    "key_revoked": _another(_("A revoked key stays closed. Create another one, and use it.")),
    "key_expired": _another(_("The key's time is over. Create another one, and use it.")),
    "key_not_yet_valid": _another(_("Wait until the key is valid, or create another one.")),
    "key_rotated_out": _successor,
    "wrong_environment": _environment,
    "token_expired": TOKEN,
    "token_revoked": TOKEN,
    "token_audience": _guide(
        _("Ask for a token for this API."),
        _("What a token is for"),
        "access-tokens",
        "what-a-token-is-for",
    ),
    **dict.fromkeys(("dpop_required", "dpop_invalid", "dpop_replayed", "dpop_nonce"), PROOF),
    **dict.fromkeys(("operation_unknown", "version_unknown", "method_not_allowed"), PLACE),
    "version_retired": PLACE,
    "revision_unknown": REVISION,
    **dict.fromkeys(("validation_failed", "parameter_unknown", "json_malformed"), INPUT),
    "scope_missing": _scope,
    "ip_not_allowed": _network,
    "application_not_approved": APPROVAL,
    "application_suspended": SUSPENSION,
    **dict.fromkeys(("limit_reached", "quota_reached", "concurrency_reached"), LIMIT),
    **dict.fromkeys(("idempotency_mismatch", "idempotency_in_progress"), IDEMPOTENCY),
    **dict.fromkeys(("upstream_failed", "upstream_timeout"), RETRY),
    **dict.fromkeys(("upstream_resting", "upstream_crowded", "upstream_down"), RETRY),
    **dict.fromkeys(("overloaded", "unavailable", "credential_store_unavailable"), RETRY),
}
