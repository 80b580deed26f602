"""What the page asks beside Gradio: pictures, files, and the list of jobs."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import FileResponse, JSONResponse

from vidstyle.errors import JobError, VidstyleError
from vidstyle.events import PHASES
from vidstyle.job import JobStore
from vidstyle.studio.frames import Frames
from vidstyle.studio.jobs import DONE, RUNNING, Job
from vidstyle.studio.queue import Queue
from vidstyle.studio.requests import command_line
from vidstyle.studio.workspace import Workspace
from vidstyle.text import duration, printable

_LARGEST = 1600  # pixels of a side of a picture for the page
# What is shown in the page rather than saved: nothing that could run there.
_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif", "video/mp4", "video/webm", "video/quicktime")
_REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
REPORT = "report.html"


def picture_url(workspace: Workspace, path: Path, index: int = 0, longest: int = 640) -> str:
    """Where the page finds a frame of what lies in the workspace."""
    values = {"path": path.relative_to(workspace.root), "index": index, "longest": longest}
    mark = path.stat().st_mtime_ns if path.exists() else 0
    return f"studio/frame?{urlencode({**values, 'mark': mark})}"


def file_url(workspace: Workspace, path: Path) -> str:
    """Where the page finds a file of the workspace."""
    return f"studio/file?path={quote(str(path.relative_to(workspace.root)))}"


class Api:
    """The routes, under /studio."""

    def __init__(self, workspace: Workspace, queue: Queue, frames: Frames) -> None:
        self._workspace, self._queue, self._frames = workspace, queue, frames

    def router(self) -> APIRouter:
        """For FastAPI."""
        router = APIRouter(prefix="/studio")
        router.add_api_route("/frame", self.frame)
        router.add_api_route("/file", self.file)
        router.add_api_route("/jobs", self.jobs)
        router.add_api_route("/jobs/{name}/latest", self.latest)
        router.add_api_route("/jobs/{name}/{action}", self.act, methods=["POST"])
        return router

    def _located(self, path: str) -> Path:
        try:
            found = self._workspace.inside(path)
            if found.is_file():
                return found
        except (VidstyleError, ValueError, OSError):
            pass  # told like one that is not there
        raise HTTPException(404, "there is no such file")

    def frame(self, path: str, index: int = 0, longest: int = 640) -> Response:
        """A frame of a clip, or a picture, as JPEG."""
        try:
            data = self._frames.jpeg(self._located(path), max(0, index), max(16, min(longest, _LARGEST)))
        except VidstyleError as error:
            raise HTTPException(415, printable(str(error))) from error
        return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})

    def file(self, path: str, download: bool = False) -> Response:
        """A file of the workspace; shown in the page only where nothing in it could run there."""
        found = self._located(path)
        kind = mimetypes.guess_type(found.name)[0] or ""
        headers = {}
        if found.name == REPORT and not download:
            headers["content-security-policy"] = _REPORT_POLICY
        elif download or kind not in _SHOWN:
            headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(found.name)}"
        return FileResponse(found, headers=headers)

    def jobs(self) -> Response:
        """All jobs, the newest first."""
        return JSONResponse([described(self._workspace, job) for job in self._queue.jobs()])

    def latest(self, name: str) -> Response:
        """The last frame of a job."""
        try:
            data = latest_picture(self._queue.job(name), self._frames)
        except (VidstyleError, OSError) as error:
            raise HTTPException(404, "there is no picture yet") from error
        return Response(data, media_type="image/jpeg", headers={"cache-control": "no-store"})

    def act(self, name: str, action: str, request: Request) -> dict[str, str]:
        """Stop a job, let it go on, or remove it."""
        if request.headers.get("x-studio") != "1":  # no form of another page can send it
            raise HTTPException(403, "only the studio's own page may ask for that")
        actions = {"stop": self._queue.stop, "go_on": self._queue.go_on, "remove": self._queue.remove}
        if action not in actions:
            raise HTTPException(404, "there is no such thing to do")
        try:
            actions[action](name)
        except VidstyleError as error:
            raise HTTPException(409, printable(str(error))) from error
        return {"done": action}


def latest_picture(job: Job, frames: Frames, longest: int = 480) -> bytes:
    """The last frame that a job has painted, or one of its result, as JPEG. Raises JobError or MediaError."""
    if job.output.is_file() and job.card.get("kind") != "evaluate":
        return frames.jpeg(job.output, frames.shown(job.output).frames // 2, longest)
    state = job.state_folder
    store = JobStore.load(state)
    painted = store.of_pass(store.passes()[-1])
    if stored := painted.frames():
        return frames.thumbnail(painted.frame_path(stored[-1]), longest)
    preview = state / "preview.png"
    if preview.is_file():
        return frames.thumbnail(preview, longest)
    raise JobError("nothing is painted yet")


def described(workspace: Workspace, job: Job) -> dict[str, Any]:
    """What the page shows of a job."""
    status = job.status()
    progress = dict(status.progress or {})
    phase, done, total = (progress.get(key) for key in ("phase", "done", "total"))
    left = progress.get("seconds_left")
    made = job.files() if status.state == DONE else []
    return {
        "name": job.name,
        "title": job.card.get("title", job.name),
        "kind": job.card.get("kind", "paint"),
        "state": status.state,
        "phase": PHASES.get(str(phase), "") if status.state == RUNNING else "",
        "done": done,
        "total": total,
        "left": duration(left) if isinstance(left, (int, float)) and status.state == RUNNING else "",
        "error": printable(status.error),
        "notices": [printable(line) for line in status.notices[-3:]],
        "command": command_line(job.card["words"]),
        "files": [{"name": path.name, "url": file_url(workspace, path)} for path in made],
    }
