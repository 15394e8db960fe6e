"""What end users agree to, and how they take it back.

Consent is asked again only when scopes widen: what somebody agreed to, or was asked for and left
out, is not asked again for the same client and tenant. Two kinds of client are asked for every
time, because a redirect to them may end in another program: public clients whose redirect URI is
plain http on the reader's machine, or a scheme of their own (RFC 8252, section 8.6). An exact https
address belongs to its owner, so there the first answer stands. ``prompt=consent`` always asks;
nothing in a request can skip the question.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q

from apps.accounts.models import User
from apps.core import clock
from apps.core.errors import Missing
from apps.events import services as events
from apps.notifications import services as notifications
from apps.oauth import captions, families, redirects, scopes
from apps.oauth import standing as places
from apps.oauth.authorization import AuthorizationRequest
from apps.oauth.models import Client, Consent
from apps.oauth.models.consent import ConsentQuerySet
from apps.orgs.actors import Actor, person
from apps.tenants.models import Tenant, TenantQuerySet


def choices(client: Client, user: User, names: Iterable[str]) -> TenantQuerySet:
    """Return the tenants in which ``user`` may let ``client`` have the scopes ``names``."""
    mine = places.tenants(user, names).filter(kind=client.environment)
    return mine.select_related("organization").order_by("pk")


def of_members(reader: User) -> ConsentQuerySet:
    """Return what members let clients do with the data of an organization that ``reader`` sees."""
    return by_members(Consent.objects.filter(reader.belongs("tenant__organization")))


def by_members(given: ConsentQuerySet) -> ConsentQuerySet:
    """Return those that members gave to act on their organization's data.

    What only tells who somebody is stays between them and the client, and so does what end users
    allow for themselves.
    """
    member = Q(user__memberships__organization=F("tenant__organization"))
    only_tell_who = Q(scopes__contained_by=list(scopes.OIDC))
    return given.standing().filter(member).exclude(only_tell_who)


def asks_always(asked: AuthorizationRequest) -> bool:
    """Tell whether an earlier answer cannot stand for this one."""
    anyone = asked.client.is_public and not redirects.is_exact_https(asked.redirect_uri)
    return anyone or not asked.prompt.isdisjoint({"consent", "select_account"})


def standing(asked: AuthorizationRequest, user: User) -> Consent | None:
    """Return the one consent that answers ``asked``: nothing was added to it since.

    With consents for several tenants and none named in the request, only the person can choose.
    """
    mine = Consent.objects.standing().filter(
        user=user, client=asked.client, tenant__in=choices(asked.client, user, asked.scopes)
    )
    if asked.tenant:
        mine = mine.filter(tenant=asked.tenant)
    found = list(mine.select_related("tenant")[:2])
    if len(found) != 1 or not set(asked.scopes) <= {*found[0].scopes, *found[0].declined}:
        return None
    return found[0]


def granted(consent: Consent, asked: AuthorizationRequest) -> list[str]:
    """Return those of the scopes asked for that were agreed to."""
    return [name for name in asked.scopes if name in consent.scopes]


@transaction.atomic
def give(
    client: Client,
    *,
    user: User,
    tenant: Tenant,
    scopes: Iterable[str],
    declined: Iterable[str] = (),
    actor: User,
) -> Consent:
    """Let ``client`` act for ``user`` in ``tenant``; ``declined`` was asked for and left out.

    Leaving out what was agreed to before ends the tokens that hold it. ``actor`` is someone else
    than ``user`` where a developer answers as a test user.
    """
    given, refused = set(scopes), set(declined)
    # Two answers at once make one consent. A token that is made meanwhile does not wait: who makes
    # it holds the family, which may have to end here.
    if not User.objects.select_for_update(no_key=True).filter(pk=user.pk):
        raise Missing("Whoever would allow it was removed meanwhile.")
    before = Consent.objects.standing().filter(user=user, client=client, tenant=tenant).first()
    if before is None:
        fresh = Consent(user=user, client=client, tenant=tenant)
        fresh.scopes, fresh.declined = sorted(given), sorted(refused)
        fresh.save(force_insert=True)
        _record("consent.given", fresh, actor=actor, scopes=fresh.scopes)
        return fresh
    _change(before, given, refused, actor)
    return before


def _change(consent: Consent, given: set[str], refused: set[str], actor: User) -> None:
    had = set(consent.scopes)
    consent.scopes = sorted((had | given) - refused)
    consent.declined = sorted((set(consent.declined) | refused) - given)
    consent.save(update_fields=["scopes", "declined"])
    if had & refused:
        families.end_all(
            user=consent.user,
            client=consent.client,
            tenant=consent.tenant,
            reason="scopes withdrawn",
            actor=actor,
        )
    if not given <= had:
        _record("consent.widened", consent, actor=actor, scopes=consent.scopes)


@transaction.atomic
def revoke(consent: Consent, *, actor: Actor | None) -> bool:
    """Take a consent back: every token that came from it ends. Harmless the second time."""
    mine = Consent.objects.filter(pk=consent.pk, revoked_at=None)
    if not mine.update(revoked_at=clock.real()):
        return False
    families.end_all(
        user=consent.user,
        client=consent.client,
        tenant=consent.tenant,
        reason="consent revoked",
        actor=actor,
    )
    _record("consent.revoked", consent, actor=actor, scopes=consent.scopes)
    return True


@transaction.atomic
def take_back(consent: Consent, *, actor: Actor) -> None:
    """Take back what a member agreed to, and write to them. Harmless the second time."""
    if not revoke(consent, actor=actor) or consent.user == actor:
        return
    name, tenant = captions.of(consent.client).name, consent.tenant
    program = f"A program of {tenant.organization} ({actor})"
    notifications.notify(
        [consent.user.email],
        subject=f"{name} no longer acts for you in {tenant.organization}",
        template="disconnected",
        context={"tenant": tenant, "name": name, "actor": person(actor) or program},
    )


def _record(kind: str, consent: Consent, *, actor: Actor | None, scopes: list[str]) -> None:
    client = consent.client
    events.emit(
        kind,
        consent,
        actor=actor,
        organization=client.application.organization_id,
        application=client.application_id,
        tenant=consent.tenant_id,
        client_id=client.client_id,
        user=consent.user_id,
        scopes=scopes,
    )
