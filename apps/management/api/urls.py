"""Paths of the platform's own API, below ``/platform/v1/``."""

from django.urls import path

from apps.core.rest.routes import DELETABLE, ENDABLE, LISTED, MANY, ONE, SHOWN
from apps.management.api.applications import ApplicationView
from apps.management.api.callers import CallerView, LimitView
from apps.management.api.client_secrets import ClientSecretView
from apps.management.api.clients import ClientView
from apps.management.api.connections import ConnectionView
from apps.management.api.end_users import EndUserView
from apps.management.api.explanations import ExplanationView
from apps.management.api.initial_tokens import InitialTokenView
from apps.management.api.keys import KeyView
from apps.management.api.logos import LogoView
from apps.management.api.members import InvitationView, MemberView
from apps.management.api.organization import OrganizationView, ScopeView, TenantView
from apps.management.api.plans import PlanRequestView, PlanView
from apps.management.api.revisions import RevisionsView

urlpatterns = [
    path("me", CallerView.as_view(SHOWN)),
    path("requests/<str:id>/explanation", ExplanationView.as_view(SHOWN)),
    path("limits", LimitView.as_view(SHOWN)),
    path("organization", OrganizationView.as_view(ONE)),
    path("tenants", TenantView.as_view(LISTED)),
    path("tenants/<str:id>", TenantView.as_view(SHOWN)),
    path("end_users", EndUserView.as_view(MANY)),
    path("end_users/<str:id>", EndUserView.as_view(ENDABLE)),
    path("members", MemberView.as_view(LISTED)),
    path("members/<str:id>", MemberView.as_view(DELETABLE)),
    path("invitations", InvitationView.as_view(MANY)),
    path("invitations/<str:id>", InvitationView.as_view(SHOWN)),
    path("invitations/<str:id>/resend", InvitationView.as_view({"post": "resend"})),
    path("invitations/<str:id>/revoke", InvitationView.as_view({"post": "revoke"})),
    path("connections", ConnectionView.as_view(LISTED)),
    path("connections/<str:id>", ConnectionView.as_view(ENDABLE)),
    path("scopes", ScopeView.as_view(LISTED)),
    path("applications", ApplicationView.as_view(MANY)),
    path("applications/<str:id>", ApplicationView.as_view(ONE)),
    path("applications/<str:id>/submit", ApplicationView.as_view({"post": "submit"})),
    path("applications/<str:id>/logo", LogoView.as_view({"post": "change", "delete": "destroy"})),
    path(
        "applications/<str:id>/revisions",
        RevisionsView.as_view({"get": "retrieve", "post": "change"}),
    ),
    path("plans", PlanView.as_view(LISTED)),
    path("plan_requests", PlanRequestView.as_view(MANY)),
    path("plan_requests/<str:id>", PlanRequestView.as_view(SHOWN)),
    path("plan_requests/<str:id>/withdraw", PlanRequestView.as_view({"post": "withdraw"})),
    path("keys", KeyView.as_view(MANY)),
    path("keys/check", KeyView.as_view({"post": "check"})),
    path("keys/<str:id>", KeyView.as_view(ONE)),
    path("keys/<str:id>/rotate", KeyView.as_view({"post": "rotate"})),
    path("keys/<str:id>/overlap", KeyView.as_view({"post": "overlap"})),
    path("keys/<str:id>/end", KeyView.as_view({"post": "end"})),
    path("keys/<str:id>/revoke", KeyView.as_view({"post": "revoke"})),
    path("clients", ClientView.as_view(MANY)),
    path("clients/<str:id>", ClientView.as_view(DELETABLE)),
    path("client_secrets", ClientSecretView.as_view(MANY)),
    path("client_secrets/<str:id>", ClientSecretView.as_view(SHOWN)),
    path("client_secrets/<str:id>/revoke", ClientSecretView.as_view({"post": "revoke"})),
    path("initial_tokens", InitialTokenView.as_view(MANY)),
    path("initial_tokens/<str:id>", InitialTokenView.as_view(SHOWN)),
    path("initial_tokens/<str:id>/revoke", InitialTokenView.as_view({"post": "revoke"})),
]
