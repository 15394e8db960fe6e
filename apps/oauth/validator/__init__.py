"""What django-oauth-toolkit and oauthlib ask, answered strictly.

Each part answers for one thing. Nothing of the toolkit's own answers is left where it was found
wanting: ``tests/apps/oauth/test_toolkit_defects.py`` has the list.
"""

from oauth2_provider.oauth2_validators import OAuth2Validator

from apps.oauth.validator.bearer import Bearer
from apps.oauth.validator.clients import Clients
from apps.oauth.validator.codes import Codes
from apps.oauth.validator.devices import Devices
from apps.oauth.validator.refresh import Refresh


class Validator(Clients, Codes, Refresh, Devices, Bearer, OAuth2Validator):
    """The toolkit's validator with every answer of ours."""
