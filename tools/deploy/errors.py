"""The error of a deployment."""


class DeployError(Exception):
    """The deployment cannot start, or it has failed.

    The text is for a person: what happened, and what to do next.
    """
