"""What stops the box, said to the person at the terminal."""


class BoxError(Exception):
    """One clear line: what is wrong, and what to do about it."""
