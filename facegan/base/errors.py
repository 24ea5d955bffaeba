"""The errors that users see."""


class FaceGANError(Exception):
    """Something the user can correct. The message is one complete sentence that says what to do next.

    The command lines print it without a traceback and end with exit code 1.
    """


class NoModel(FaceGANError):
    """The repository on the Hub exists, but it does not hold a model that this program reads."""
