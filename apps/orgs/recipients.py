"""Who is written to about what belongs to an organization."""

from django.db.models import Q

from apps.orgs.models import Membership, Role


def responsible(organization: str, *, maker: str | None = None) -> list[str]:
    """Return the addresses of owners and admins, and of ``maker`` while still a member."""
    wanted = Q(role__in=(Role.OWNER, Role.ADMIN)) | Q(user=maker)
    members = Membership.objects.filter(wanted, organization=organization, user__is_active=True)
    return list(members.values_list("user__email", flat=True))
