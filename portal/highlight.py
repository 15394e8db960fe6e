"""Code in colour: classes only, as the content policy allows no style attributes."""

from django.utils.safestring import SafeString
from pygments import highlight as _highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

_FORMAT = HtmlFormatter(nowrap=True)
ALIASES = {"sh": "bash", "shell": "bash", "js": "javascript", "": "text"}


def colour(code: str, language: str) -> SafeString:
    """Return ``code`` as escaped HTML with a span for each token."""
    try:
        lexer = get_lexer_by_name(ALIASES.get(language, language), stripall=False)
    except ClassNotFound:
        lexer = TextLexer()
    return SafeString(_highlight(code, lexer, _FORMAT).rstrip("\n"))
