"""How the admin looks and what its sidebar lists. Pure: settings import it."""

from typing import Any

from django.urls import reverse_lazy

from portal import accent

ACCENT = "#0f766e"
# How much of the accent colour is in each shade; the rest is white, or black above 600.
SHADES = {50: 8, 100: 16, 200: 30, 300: 50, 400: 70, 500: 100, 600: 100, 700: 84, 800: 68, 900: 54}
DARKER = 600


def palette(colour: str) -> dict[str, str]:
    """Return unfold's shades of the operator's accent colour, mixed by the browser.

    Unfold writes with 600 on light pages and with 500 on dark ones, so both must be readable.
    """
    chosen = accent.parse(colour) or accent.parse(ACCENT) or accent.INK
    light, dark = map(accent.written, accent.readable(chosen))
    mixed = {
        str(shade): f"color-mix(in oklab, {light} {share}%, black)"
        if shade >= DARKER
        else f"color-mix(in oklab, {dark} {share}%, white)"
        for shade, share in SHADES.items()
    }
    return {**mixed, "950": f"color-mix(in oklab, {light} 38%, black)"}


def page(title: str, icon: str, model: str, permission: str) -> dict[str, Any]:
    """Return an entry of the sidebar, shown to those who may see the page."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": lambda request: request.user.has_perm(permission),
    }


NAVIGATION = [
    {
        "title": "Review",
        "items": [
            page(
                "Applications",
                "widgets",
                "applications_application",
                "applications.view_application",
            ),
            page("Organizations", "groups", "orgs_organization", "orgs.view_organization"),
            page(
                "Requests for plans",
                "upgrade",
                "plans_changerequest",
                "plans.view_changerequest",
            ),
            page("Decisions", "gavel", "moderation_decision", "moderation.view_decision"),
        ],
    },
    {
        "title": "Access",
        "items": [
            page("API keys", "key", "keys_key", "keys.view_key"),
            page("Leak reports", "report", "keys_leakreport", "keys.view_leakreport"),
            page("OAuth clients", "lock_open", "oauth_client", "oauth.view_client"),
            page("Tenants", "database", "tenants_tenant", "tenants.view_tenant"),
        ],
    },
    {
        "title": "Traffic",
        "items": [
            page("Usage", "monitoring", "usage_request", "usage.view_request"),
            page("Deprecated, still used", "hourglass_bottom", "usage_letter", "usage.view_letter"),
            page("Plans", "sell", "plans_plan", "plans.view_plan"),
            page("Plan versions", "history", "plans_planversion", "plans.view_planversion"),
            page("Subscriptions", "loyalty", "plans_subscription", "plans.view_subscription"),
            page("Overrides", "speed", "plans_override", "plans.view_override"),
            page("Catalog", "menu_book", "catalog_api", "catalog.view_api"),
            page("Changelog", "news", "catalog_entry", "catalog.view_entry"),
            page("Upstreams", "dns", "catalog_upstream", "catalog.view_upstream"),
        ],
    },
    {
        "title": "Records",
        "items": [
            page("Audit trail", "receipt_long", "events_event", "events.view_event"),
            page("Mail", "mail", "notifications_message", "notifications.view_message"),
        ],
    },
    {
        "title": "People",
        "items": [
            page("Users", "person", "accounts_user", "accounts.view_user"),
            page("Memberships", "badge", "orgs_membership", "orgs.view_membership"),
            page("Invitations", "mail", "orgs_invitation", "orgs.view_invitation"),
            page("Groups", "shield_person", "auth_group", "auth.view_group"),
            page("Terms", "contract", "accounts_terms", "accounts.view_terms"),
        ],
    },
]
