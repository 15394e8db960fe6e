"""django-oauth-toolkit as it is installed, to compare with."""
