"""The portal's pages. The first part of a name is its place in the navigation."""

from django.urls import path

from portal import consent_urls
from portal.views import (
    applications,
    docs,
    keys,
    logs,
    look,
    machines,
    outbox,
    overview,
    public,
    settings,
    start,
    usage,
)

app_name = "portal"
urlpatterns = [
    path("", public.landing, name="landing"),
    path("terms", public.terms, name="terms"),
    path("healthz", public.healthz, name="healthz"),
    path("theme", look.theme, name="theme"),
    path("theme.css", look.theme_css, name="theme-css"),
    path("icon.svg", look.icon, name="icon"),
    path("favicon.ico", look.favicon, name="favicon"),
    path("robots.txt", machines.robots, name="robots"),
    path("llms.txt", machines.llms, name="llms"),
    path("mode", look.mode, name="mode"),
    path("outbox", outbox.index, name="outbox"),
    path("outbox/<str:message_id>", outbox.detail, name="outbox-detail"),
    path("start", start.index, name="start"),
    path("start/run", start.run, name="start-run"),
    path("start/first", start.first, name="start-first"),
    path("overview", overview.index, name="overview"),
    path("applications", applications.index, name="applications"),
    path("applications/new", applications.new, name="applications-new"),
    path("applications/<str:application_id>", applications.detail, name="applications-detail"),
    path(
        "applications/<str:application_id>/submit", applications.submit, name="applications-submit"
    ),
    path(
        "applications/<str:application_id>/revoke-keys",
        applications.revoke_keys,
        name="applications-revoke-keys",
    ),
    path("keys", keys.index, name="keys"),
    path("keys/new", keys.new, name="keys-new"),
    path("keys/<str:key_id>/reveal", keys.reveal, name="keys-reveal"),
    path("keys/<str:key_id>/revoke", keys.revoke, name="keys-revoke"),
    *consent_urls.urlpatterns,
    path("logs", logs.index, name="logs"),
    path("logs/<str:request_id>", logs.detail, name="logs-detail"),
    path("explain/<str:request_id>", logs.explain, name="explain"),
    path("usage", usage.index, name="usage"),
    path("usage.csv", usage.table, name="usage-csv"),
    path("settings", settings.profile, name="settings"),
    path("settings/organization", settings.organization, name="settings-organization"),
    path("settings/sign-out", settings.sign_out_everywhere, name="settings-sign-out"),
    path("docs", docs.index, name="docs"),
    path("docs/swagger", docs.swagger, name="swagger"),
    path("docs/openapi/<slug:slug>/v<int:major>.json", docs.openapi, name="openapi"),
    path("docs/errors", docs.errors, name="errors"),
    path("docs/errors/<str:code>", docs.error, name="error"),
    path("docs/events", docs.events, name="events"),
    path("docs/<slug:slug>.md", docs.guide_source, name="docs-guide-source"),
    path("docs/<slug:slug>", docs.guide, name="docs-guide"),
]
