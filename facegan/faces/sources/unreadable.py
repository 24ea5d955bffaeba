"""The error for a file that cannot be read as a photo."""


class UnreadablePhotoError(Exception):
    """A file cannot be read as a photo. ``reason`` is a key of reasons.REASONS, the message a phrase for the report."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
