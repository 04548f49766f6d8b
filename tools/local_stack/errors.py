"""What can go wrong with the local stack, as one plain sentence that says what to do next."""


class StackError(Exception):
    """The local stack could not do what was asked; the text is for a person."""
