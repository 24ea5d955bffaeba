"""The errors that people see."""


class FaceGANError(Exception):
    """Something the user can put right. The message is one complete sentence that says what to do next.

    The command lines print it without a traceback and end with exit code 1.
    """


class NoModel(FaceGANError):
    """The Hub answers and has the repository, but what lies there now is no model that this program reads."""
