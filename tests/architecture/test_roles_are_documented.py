"""The guide's table of roles is the one that the platform asks."""

from django.conf import settings

from apps.orgs.models import Role
from apps.orgs.permissions import PERMISSIONS

GUIDE = (settings.ROOT / "docs/guides/teams-and-security.md").read_text(encoding="utf-8")


def test_the_guide_has_every_action_with_its_roles() -> None:
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in GUIDE.splitlines()
        if line.startswith("| ") and "`" in line
    ]
    said = {
        action.strip("`"): {role for role, yes in zip(Role, given, strict=True) if yes == "yes"}
        for _, action, *given in cells
    }
    assert said == {action: set(roles) for action, roles in PERMISSIONS.items()}
