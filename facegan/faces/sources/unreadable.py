"""The error of a file that gives no photo."""


class UnreadablePhotoError(Exception):
    """A file that gives no photo. ``reason`` is a slug of reasons.REASONS, the message a phrase for the report."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
