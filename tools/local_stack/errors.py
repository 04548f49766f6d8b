"""The error of the local stack."""


class StackError(Exception):
    """The local stack could not complete a request. The text says what happened and what to do next."""
