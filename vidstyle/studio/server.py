"""The studio as a server: Gradio's page, the routes beside it, and the guard around both."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import webbrowser
from collections.abc import Callable

from vidstyle.errors import UsageError
from vidstyle.events import Notice
from vidstyle.options.studio import StudioOptions
from vidstyle.studio.frames import Frames
from vidstyle.studio.queue import Queue
from vidstyle.studio.workspace import Workspace

_MISSING = 'the studio needs Gradio: pip install "vidstyle[studio]"'


def serve(options: StudioOptions, tell: Notice) -> None:
    """Show the page until the process is asked to end. Jobs go on running after that.

    Raises UsageError where Gradio is missing or the port is taken, JobBusy where another studio works in the
    workspace.
    """
    workspace = Workspace(options)
    _prepare_gradio(workspace)
    listening = _listen(options)
    with workspace.lock(), contextlib.closing(listening):
        workspace.add_samples()
        queue = Queue(workspace)
        run = _server(workspace, queue, options)
        address = f"http://{_shown_host(options)}:{options.port}/"
        tell(f"the studio is at {address}, its workspace in {workspace.root}; Ctrl-C ends it, jobs go on")
        if options.open:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        queue.begin()
        try:
            run(listening)
        finally:
            queue.end()


def _prepare_gradio(workspace: Workspace) -> None:
    """What it reads when it is imported: nothing is sent anywhere, or kept outside the workspace."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["GRADIO_TEMP_DIR"] = str(workspace.folder("cache"))
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


def _server(workspace: Workspace, queue: Queue, options: StudioOptions) -> Callable[[socket.socket], None]:
    try:
        import gradio
        import uvicorn
        from fastapi import FastAPI
    except ImportError as error:
        raise UsageError(_MISSING) from error
    from vidstyle.studio.api import Api
    from vidstyle.studio.guard import Guard
    from vidstyle.studio.page import build, look_and_feel

    frames = Frames()
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(Api(workspace, queue, frames).router())
    gradio.mount_gradio_app(
        app,
        build(workspace, queue, frames),
        path="/",
        max_file_size=options.most_megabytes * 1_000_000,
        blocked_paths=[],
        ssr_mode=False,
        show_error=True,
        footer_links=[],
        **look_and_feel(),
    )
    settings = uvicorn.Config(Guard(app, options), log_level="error", lifespan="on")
    server = uvicorn.Server(settings)
    return lambda listening: server.run(sockets=[listening])


def _listen(options: StudioOptions) -> socket.socket:
    """Before anything else: a port that is taken is told at once. Raises UsageError."""
    try:
        family = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        if os.name != "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((options.host, options.port))
    except OSError as error:
        raise UsageError(
            f"cannot listen on {options.host}, port {options.port}: "
            f"{(error.strerror or str(error)).lower()}; name another with --port"
        ) from error
    return listening


def _shown_host(options: StudioOptions) -> str:
    host = "127.0.0.1" if options.host in ("0.0.0.0", "::") else options.host
    return f"[{host}]" if ":" in host else host
