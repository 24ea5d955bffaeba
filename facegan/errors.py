"""The errors that people see."""


class FaceGANError(Exception):
    """Something the user can put right. The message is one complete sentence that says what to do next.

    The command lines print it without a traceback and end with exit code 1.
    """
