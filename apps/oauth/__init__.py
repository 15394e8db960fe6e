"""OAuth clients, grants and tokens: django-oauth-toolkit's six models, swapped."""
