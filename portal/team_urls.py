"""The pages of an organization's people, and of where one is signed in."""

from django.urls import path

from portal.views import connections, end_users, invitations, members, organizations, sessions

urlpatterns = [
    path("members", members.index, name="members"),
    path("members/connections", connections.of_members, name="members-connections"),
    path(
        "members/connections/<str:consent_id>/revoke",
        connections.take_back,
        name="members-connections-revoke",
    ),
    path("members/invite", members.invite, name="members-invite"),
    path("members/leave", members.leave, name="members-leave"),
    path("members/test-users", end_users.index, name="members-test-users"),
    path("members/test-users/new", end_users.new, name="members-test-users-new"),
    path(
        "members/test-users/<int:end_user_id>/remove",
        end_users.remove,
        name="members-test-users-remove",
    ),
    path("members/<int:member_id>/role", members.role, name="members-role"),
    path("members/<int:member_id>/remove", members.remove, name="members-remove"),
    path("members/<int:member_id>/transfer", members.transfer, name="members-transfer"),
    path("members/invitations/<str:invitation_id>/resend", members.resend, name="members-resend"),
    path("members/invitations/<str:invitation_id>/revoke", members.revoke, name="members-revoke"),
    path("invitations/<str:token>", invitations.show, name="invitation"),
    path("invitations/<str:token>/accept", invitations.accept, name="invitation-accept"),
    path("organizations", organizations.index, name="organizations"),
    path("organizations/new", organizations.new, name="organizations-new"),
    path("organizations/switch", organizations.switch, name="organizations-switch"),
    path("settings/sessions", sessions.index, name="settings-sessions"),
    path("settings/sessions/others/end", sessions.end_others, name="settings-sessions-end-others"),
    path("settings/sessions/<int:session_id>/end", sessions.end, name="settings-sessions-end"),
]
