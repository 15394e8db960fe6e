"""The OpenAPI 3.1 document of the platform's own API."""

from apps.core.rest.document import Description

SCOPES = {
    "platform.organization:read": {"title": "See your organization and its tenants", "risk": "low"},
    "platform.organization:write": {
        "title": "Rename your organization, make and remove test users of its sandboxes",
        "risk": "high",
    },
    "platform.members:read": {"title": "See who is in your organization", "risk": "low"},
    "platform.members:write": {
        "title": "Invite members, change their roles and remove them",
        "risk": "high",
    },
    "platform.connections:read": {
        "title": "See what members let applications do with your organization's data",
        "risk": "low",
    },
    "platform.connections:write": {
        "title": "End what members let applications do with your organization's data",
        "risk": "high",
    },
    "platform.applications:read": {"title": "See your applications", "risk": "low"},
    "platform.applications:write": {
        "title": "Make and change applications, and submit them for review",
        "risk": "high",
    },
    "platform.keys:read": {"title": "See API keys, without their secrets", "risk": "low"},
    "platform.keys:write": {"title": "Make, rotate and revoke API keys", "risk": "high"},
    "platform.clients:read": {"title": "See OAuth clients, without their secrets", "risk": "low"},
    "platform.clients:write": {
        "title": "Make, change and delete OAuth clients and their secrets",
        "risk": "high",
    },
}
DESCRIPTION = Description(
    base="/platform/v1",
    urls="apps.management.api.urls",
    title="Platform API",
    words="Applications, keys, OAuth clients and members: what the portal does, for programs.",
    tags={
        "Me": "What the calling credential is.",
        "Limits": "What the calling application may use.",
        "Organization": "The team that owns everything else.",
        "Tenants": "The isolated worlds of data: sandboxes, or the live one.",
        "End users": "Invented people of sandboxes, whom developers may answer for.",
        "Members": "Who belongs to the organization, in which role.",
        "Invitations": "Who is asked to join.",
        "Connections": "What members let applications do with the organization's data.",
        "Scopes": "The rights that credentials can have.",
        "Applications": "What is built on the platform; it owns keys and OAuth clients.",
        "Revisions": "The dated revision of each API in which an application is served.",
        "Logos": "Pictures of applications, as end users see them.",
        "Keys": "Credentials of an application in a tenant.",
        "Clients": "OAuth clients of an application.",
        "Client secrets": "What OAuth clients prove themselves with.",
        "Initial tokens": "With one, programs register OAuth clients in sandboxes by themselves.",
    },
    scopes=SCOPES,
)
document = DESCRIPTION.document
