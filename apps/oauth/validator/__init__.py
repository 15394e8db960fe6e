"""What django-oauth-toolkit and oauthlib ask, answered safely."""

from oauth2_provider.oauth2_validators import OAuth2Validator


class Validator(OAuth2Validator):
    """The toolkit's validator with every answer of ours."""
