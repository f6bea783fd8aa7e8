"""The base of every error that testigo_wire raises about bytes it was given."""


class WireError(Exception):
    """Bytes or values that a format refuses; the text says which, and never holds a secret."""


class DocumentError(WireError):
    """A signed document that is malformed or contradicts itself, or audio that no document names."""
