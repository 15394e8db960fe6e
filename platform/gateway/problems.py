"""What only the gateway can find wrong with a request."""

from http import HTTPStatus

from apps.core.errors import Denied, LimitReached, Missing, Problem, Unauthorized, Unavailable


class PathInvalid(Problem):
    """The path could be read in more than one way."""

    code = "path_invalid"


class HeaderRepeated(Problem):
    """A header that may stand only once stands twice."""

    code = "header_repeated"


class HeadersTooLarge(Problem):
    """The request carries more headers than the platform accepts."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    code = "headers_too_large"


class BodyIncomplete(Problem):
    """The body broke off, or its chunks cannot be told apart."""

    code = "body_incomplete"


class BodySlow(Problem):
    """The body arrives too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT
    code = "body_slow"


class OperationUnknown(Missing):
    """No operation of the API has this path."""

    code = "operation_unknown"


class VersionUnknown(Missing):
    """The API has no such version."""

    code = "version_unknown"


class AddressRefused(Denied):
    """The operation cannot be called from this address."""

    code = "address_refused"


class VersionRetired(Problem):
    """The version of the API has ended."""

    status = HTTPStatus.GONE
    code = "version_retired"


class RevisionUnknown(Problem):
    """The version of the API has no such dated revision."""

    code = "revision_unknown"


class RevisionFailed(Problem):
    """The request or its answer could not be told in an older revision."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "revision_failed"


class OrganizationSuspended(Denied):
    """The organization is suspended."""

    code = "organization_suspended"


class QuotaReached(LimitReached):
    """A quota of the application's plan is used up."""

    code = "quota_reached"


class ConcurrencyReached(LimitReached):
    """As many requests of the application are under way as its plan allows at once."""

    code = "concurrency_reached"


class TokenMalformed(Unauthorized):
    """The access token is damaged: its shape, checksum or signature is wrong."""

    code = "token_malformed"


class TokenKindWrong(Unauthorized):
    """The token is of another kind: only an access token opens an API."""

    code = "token_kind_wrong"


class TokenUnknown(Unauthorized):
    """The access token was never issued here, or expired long ago."""

    code = "token_unknown"


class TokenExpired(Unauthorized):
    """The access token has expired."""

    code = "token_expired"


class TokenRevoked(Unauthorized):
    """The access token was revoked."""

    code = "token_revoked"


class UserDisabled(Unauthorized):
    """The account of the person behind the access token is disabled."""

    code = "user_disabled"


class TokenAudience(Unauthorized):
    """The access token was issued for another API."""

    code = "token_audience"


class DpopRequired(Unauthorized):
    """The access token is bound to a key, and the proof of having it is missing."""

    code = "dpop_required"


class DpopInvalid(Unauthorized):
    """The DPoP proof does not prove this request."""

    code = "dpop_invalid"


class DpopReplayed(Unauthorized):
    """The DPoP proof was used before."""

    code = "dpop_replayed"


class DpopNonce(Unauthorized):
    """The DPoP proof needs the nonce that this answer carries."""

    code = "dpop_nonce"


class CredentialStoreUnavailable(Unavailable):
    """The credential cannot be looked up right now."""

    code = "credential_store_unavailable"


class CatalogUnavailable(Unavailable):
    """The gateway has only just started and does not know the catalog yet."""

    code = "catalog_unavailable"


class TicketInvalid(Denied):
    """The ticket to this stream is forged or too old."""

    code = "ticket_invalid"


class StreamsExhausted(Unavailable):
    """The application, or the gateway, has as many open streams as it may."""

    code = "streams_exhausted"


class Overloaded(Unavailable):
    """The gateway has as many requests under way as it takes of this priority."""

    code = "overloaded"


class MockUnknown(Missing):
    """The API's document has no such answer to give."""

    code = "mock_unknown"


class SocketRefused(Problem):
    """The operation cannot be upgraded to a WebSocket."""

    code = "websocket_refused"


class UpstreamResting(Unavailable):
    """The service behind the gateway failed too often and is given a rest."""

    code = "upstream_resting"


class UpstreamCrowded(Unavailable):
    """The service behind the gateway has as many requests as it may have at once."""

    code = "upstream_crowded"


class UpstreamDown(Unavailable):
    """No address of the service behind the gateway is well."""

    code = "upstream_down"


class AuthzUntrusted(Denied):
    """Whoever asks for a decision does not show that it is the operator's data plane."""

    code = "authz_untrusted"


class AuthzMalformed(Problem):
    """The data plane asks for a decision without saying what about."""

    code = "authz_malformed"


class PolicyNeedsGateway(Unavailable):
    """The operation's policy asks for what the operator's data plane does not do."""

    code = "policy_needs_gateway"
