"""Settings of the page for those who do not type commands."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import Checked, option

PASSWORD_VARIABLE = "VIDSTYLE_STUDIO_PASSWORD"
_LEAST_PASSWORD = 8  # characters


@dataclass(frozen=True, kw_only=True)
class StudioOptions(Checked):
    """Where the page is shown, to whom, and what it takes."""

    workspace: str = option(
        "vidstyle-studio",
        "The only folder that it reads and writes; made where it is missing.",
        metavar="DIR",
        role="free",
    )
    host: str = option(
        "127.0.0.1",
        "Address to listen on. Any but this machine's own, such as 0.0.0.0, takes --password.",
        metavar="ADDRESS",
        role="free",
    )
    port: int = option(7860, "Port to listen on.", minimum=1, maximum=65535, role="free")
    password: str | None = option(
        None,
        f"Ask for this password (the name is any). Better given as {PASSWORD_VARIABLE} in the environment: "
        "other programs see the command line.",
        metavar="WORD",
        role="free",
    )
    open: bool = option(True, "Open the page in the browser.", role="free")
    most_megabytes: int = option(
        2000, "Largest file that is taken.", minimum=1, metavar="MEGABYTES", role="free"
    )
    most_minutes: float = option(
        10.0, "Longest clip that is taken.", minimum=0.1, metavar="MINUTES", role="free"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.password is not None and len(self.password) < _LEAST_PASSWORD:
            raise UsageError(f"--password takes at least {_LEAST_PASSWORD} characters")
        if not self.is_local and self.password is None:
            raise UsageError(
                f"--host {self.host} lets others in; give --password WORD as well, or leave --host out"
            )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
