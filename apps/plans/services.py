"""What can happen to plans and subscriptions."""

from typing import Any

from django.db import models, transaction

from apps.applications.models import Application
from apps.core import clock
from apps.events import services as events
from apps.plans import limits as rules
from apps.plans.models import Plan, PlanVersion, Subscription


@transaction.atomic
def publish(
    slug: str,
    *,
    name: str,
    limits: list[dict[str, Any]],
    is_default: bool = False,
    is_public: bool = False,
    summary: str = "",
    actor: models.Model | None = None,
) -> PlanVersion:
    """Publish ``limits`` as a plan's newest version; the same limits again change nothing.

    Name, ``summary`` and whether developers may ask for it are taken for a new plan only.
    """
    rules.parse(limits)
    told = {"name": name, "is_default": is_default, "is_public": is_public, "summary": summary}
    plan, _ = Plan.objects.get_or_create(slug=slug, defaults=told)
    latest = plan.versions.order_by("-number").first()
    if latest and latest.limits == limits:
        return latest
    version = PlanVersion.objects.create(
        plan=plan, number=latest.number + 1 if latest else 1, limits=limits
    )
    events.emit("plan.published", version, actor=actor, plan=slug, number=version.number)
    return version


@transaction.atomic
def subscribe(
    application: Application, *, version: PlanVersion, actor: events.Known | None
) -> Subscription:
    """Put ``application`` on a plan version, from now on."""
    subscription, _ = Subscription.objects.update_or_create(
        application=application, defaults={"version": version, "since": clock.real()}
    )
    events.emit(
        "plan.subscribed",
        version,
        actor=actor,
        organization=application.organization_id,
        application=application.pk,
        plan=version.plan.slug,
    )
    return subscription


@transaction.atomic
def offer(plan: Plan, *, public: bool, reason: str = "", actor: models.Model | None) -> None:
    """Let developers ask for a plan, or no longer."""
    plan.is_public = public
    plan.save(update_fields=["is_public"])
    kind = "plan.offered" if public else "plan.withdrawn"
    events.emit(kind, plan, actor=actor, plan=plan.slug, reason=reason)


@transaction.atomic
def describe(plan: Plan, *, summary: str, actor: models.Model | None) -> None:
    """Say in a line for whom a plan is."""
    plan.summary = summary
    plan.save(update_fields=["summary"])
    events.emit("plan.described", plan, actor=actor, plan=plan.slug, summary=summary)


def exists(slug: str) -> bool:
    """Tell whether the plan was ever published."""
    return Plan.objects.filter(slug=slug).exists()


def default_version() -> PlanVersion:
    """Return the newest version of the default plan; DoesNotExist when there is none."""
    return PlanVersion.objects.filter(plan__is_default=True).latest("number")
