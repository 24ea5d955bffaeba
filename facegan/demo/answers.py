"""HTTP responses of the demo's own routes (Page.serve), and error messages for visitors."""

import logging

from starlette.responses import JSONResponse, Response

from facegan.base.disk import is_disk_error, remedy
from facegan.base.errors import FaceGANError
from facegan.demo.outbox import media_type
from facegan.demo.render import Busy, Superseded

_FAULT = "Something went wrong on the server: try again, and reload the page if the error stays."
# Not cached, because another model may be served at the same address later.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def sentence(error: Exception) -> str:
    """The error message for a visitor. A bug gives a general message, and a traceback in the log."""
    if isinstance(error, FaceGANError):
        return str(error)
    if isinstance(error, OSError) and is_disk_error(error):  # when a film is written to a temporary file
        logging.getLogger(__name__).error("A file could not be written: %s. %s.", error, remedy(error).capitalize())
        return f"The computer that runs this page cannot write a file ({error.strerror}): tell whoever runs it."
    logging.getLogger(__name__).error("The demo failed.", exc_info=error)
    return _FAULT


def file_answer(content: bytes, name: str) -> Response:
    """A picture or film."""
    headers = {"Content-Disposition": f'inline; filename="{name}"', **_HEADERS}
    return Response(content, media_type=media_type(name), headers=headers)


def html_answer(html: str) -> Response:
    """A fragment of HTML for theme/page.js. Sent as plain text, so that no browser renders it as a page of its own."""
    return Response(html, media_type="text/plain", headers=_HEADERS)


def refusal(error: Exception) -> Response:
    """The error response: JSON {"error": sentence}, with Retry-After if the client should try again."""
    if isinstance(error, Busy):
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(error.retry_after)})
    status = 409 if isinstance(error, Superseded) else 404 if isinstance(error, FaceGANError) else 500
    return JSONResponse({"error": sentence(error)}, status)
