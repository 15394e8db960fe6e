"""Where clients talk to the authorization server, on the portal's origin.

None of django-oauth-toolkit's own routes exists here. The pages for people are the portal's.
"""

from django.urls import URLPattern, URLResolver

app_name = "oauth"
urlpatterns: list[URLPattern | URLResolver] = []
