"""How routes of our own, beside Gradio's, answer over HTTP."""

import logging

from starlette.responses import JSONResponse, Response

from facegan.base.disk import is_disk_error, remedy
from facegan.base.errors import FaceGANError
from facegan.demo.outbox import media_type
from facegan.demo.render import Busy, Superseded

_FAULT = "Something went wrong on the server: try again, and reload the page if it stays."
# The next model at the same address draws something else.
_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


def sentence(error: Exception) -> str:
    """What is wrong, for people. A fault of ours is another sentence, with a traceback in the log."""
    if isinstance(error, FaceGANError):
        return str(error)
    if isinstance(error, OSError) and is_disk_error(error):  # by a film's temporary file
        logging.getLogger(__name__).error("A file could not be written: %s. %s.", error, remedy(error).capitalize())
        return f"The computer that runs this page cannot write a file ({error.strerror}): tell whoever runs it."
    logging.getLogger(__name__).error("The demo failed.", exc_info=error)
    return _FAULT


def file_answer(content: bytes, name: str) -> Response:
    """A picture or film."""
    headers = {"Content-Disposition": f'inline; filename="{name}"', **_HEADERS}
    return Response(content, media_type=media_type(name), headers=headers)


def html_answer(html: str) -> Response:
    """A piece of the page, for theme/page.js. As plain text: whoever opens its address gets no page."""
    return Response(html, media_type="text/plain", headers=_HEADERS)


def refusal(error: Exception) -> Response:
    """Why there is no answer, as JSON {"error": sentence}; with Retry-After where it is worth asking again."""
    if isinstance(error, Busy):
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": str(error.retry_after)})
    status = 409 if isinstance(error, Superseded) else 404 if isinstance(error, FaceGANError) else 500
    return JSONResponse({"error": sentence(error)}, status)
