"""Has the MCP server return pictures and films as content. By default Gradio returns their file data as text."""

import base64
from collections.abc import Iterator

import gradio as gr

from facegan.demo.outbox import PREFIX, Outbox, media_type


def send_content(demo: gr.Blocks, outbox: Outbox) -> None:
    """Has the MCP server of `demo`, if there is one, return the files of `outbox`."""
    if demo.mcp_server_obj:
        demo.mcp_server_obj.postprocess_output_data = lambda data, root_url: list(_contents(data, root_url, outbox))


def _contents(data: object, root_url: str, outbox: Outbox) -> Iterator[object]:
    from mcp import types

    if isinstance(data, list | tuple):
        for part in data:
            yield from _contents(part, root_url, outbox)
        return
    path = data.get("path") if isinstance(data, dict) else None
    content = outbox.get(path) if isinstance(path, str) else None
    if content is None:
        yield types.TextContent(type="text", text=str(data))
        return
    address, kind, encoded = root_url + PREFIX + path, media_type(path), base64.b64encode(content).decode("ascii")
    if kind.startswith("image/"):
        yield types.ImageContent(type="image", data=encoded, mimeType=kind)
    else:
        resource = types.BlobResourceContents(uri=address, mimeType=kind, blob=encoded)
        yield types.EmbeddedResource(type="resource", resource=resource)
    yield types.TextContent(type="text", text=f"{path.rpartition('/')[2]}, for ten minutes at {address}")
