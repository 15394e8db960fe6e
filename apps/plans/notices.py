"""What pages remind of: quotas that are nearly or wholly used up in the period that runs."""

from collections.abc import Iterable

from apps.core import clock
from apps.plans.models import QuotaAlert


def of(applications: Iterable[str]) -> list[QuotaAlert]:
    """Return the furthest alert of each quota of ``applications``, the fullest first."""
    running = QuotaAlert.objects.filter(
        application__in=list(applications), ends_at__gt=clock.real()
    ).select_related("application")
    furthest: dict[tuple[str, str, str], QuotaAlert] = {}
    for alert in running.order_by("created_at", "threshold"):
        furthest[alert.application_id, alert.policy, alert.key] = alert
    return sorted(furthest.values(), key=lambda alert: (-alert.threshold, alert.pk))
