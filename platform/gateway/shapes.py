"""What a secret looks like, before anybody is asked about it."""

from typing import NamedTuple

from apps.core import secrets
from apps.core.errors import Problem
from apps.keys.errors import KeyBadChecksum, KeyMalformed, KeyRevoked, KeyUnknown
from gateway.keyring import Keyring
from gateway.problems import TokenKindWrong, TokenMalformed, TokenRevoked, TokenUnknown

JWT = "eyJ"  # the beginning of a JSON object in base64url
OTHER_KINDS = {
    "f": "a refresh token",
    "d": "a device code",
    "c": "a client secret",
    "g": "a registration access token",
    "i": "an initial access token",
}


class Sought(NamedTuple):
    """A secret, the digest it is remembered by, and whether it says it is an access token."""

    secret: str
    digest: bytes
    token: bool

    def unknown(self) -> Problem:
        """Return what to say when it was never issued."""
        return TokenUnknown() if self.token else KeyUnknown()

    def revoked(self) -> Problem:
        """Return what to say when all that is known of it is that it was revoked."""
        return TokenRevoked() if self.token else KeyRevoked()


class Shapes:
    """Tells junk from what may have been issued: by shape, checksum or signature."""

    def __init__(self, prefix: str, keyring: Keyring) -> None:
        self.keyring = keyring
        self.of_tokens = (f"{prefix}_live_a", f"{prefix}_test_a", JWT)
        self.key = secrets.pattern(prefix)
        self.token = secrets.pattern(prefix, "a")
        self.other = secrets.pattern(prefix, "".join(OTHER_KINDS))

    async def check(self, sought: Sought) -> None:
        """Refuse what nobody can have issued."""
        secret, token = sought.secret, sought.token
        if token and secret.startswith(JWT):
            await self.keyring.check(secret)
            return
        try:
            secrets.read(secret, self.token if token else self.key)
        except secrets.Malformed:
            if other := self.other.fullmatch(secret):
                raise TokenKindWrong(f"This is {OTHER_KINDS[other[2]]}.") from None
            raise TokenMalformed if token else KeyMalformed from None
        except secrets.BadChecksum:
            raise TokenMalformed if token else KeyBadChecksum from None
