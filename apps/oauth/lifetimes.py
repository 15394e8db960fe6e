"""How long everything lives. Each figure is said in the metadata, the docs or an answer."""

from datetime import timedelta

CODE = timedelta(seconds=60)
ACCESS_TOKEN = timedelta(hours=1)
REFRESH_TOKEN_IDLE = timedelta(days=30)
REFRESH_TOKEN = timedelta(days=90)  # from the authorization on, however often it is rotated
ID_TOKEN = timedelta(hours=1)
DEVICE_CODE = timedelta(minutes=10)
DEVICE_INTERVAL = 5  # seconds between two polls; "slow_down" adds as many
PUSHED_REQUEST = timedelta(seconds=60)
PROOF = timedelta(seconds=60)  # how far a DPoP proof's iat may be from now
NONCE = timedelta(minutes=5)  # a DPoP nonce is good for one to two of these
ASSERTION = timedelta(hours=1)  # what libraries write by default; it is good once anyway
SKEW = timedelta(seconds=30)  # how far a client's clock may be off
