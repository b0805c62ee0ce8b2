"""The options about traffic, which probe, smoke and optimize share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tuner.apache.read import ReadRequest
    from tuner.pipeline.traffic import TrafficRequest

_TRAFFIC = "Traffic"

Paths = Annotated[
    list[str] | None,
    typer.Option(
        "--path",
        metavar="'[METHOD] /URL[=WEIGHT] [@FILE]'",
        help="What to request; repeat it for a mix. FILE is the body. Default: the URL's path.",
        rich_help_panel=_TRAFFIC,
    ),
]
Headers = Annotated[
    list[str] | None,
    typer.Option(
        "--header",
        metavar="'NAME: VALUE'",
        help="Sent with every request; may be repeated.",
        rich_help_panel=_TRAFFIC,
    ),
]
Cookies = Annotated[
    list[str] | None,
    typer.Option(
        "--cookie",
        metavar="NAME=VALUE",
        help="Sent with every request; may be repeated.",
        rich_help_panel=_TRAFFIC,
    ),
]
AllowMethods = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-methods",
        metavar="POST,...",
        help="Methods that may be sent beside GET and HEAD.",
        rich_help_panel=_TRAFFIC,
    ),
]
AccessLogFile = Annotated[
    Path | None,
    typer.Option(
        "--access-log",
        metavar="FILE",
        help="Learn paths and weights from a log (gzip too). Only GET and HEAD that worked and "
        "hold no token are sent again.",
        rich_help_panel=_TRAFFIC,
    ),
]
LogFormat = Annotated[
    str | None,
    typer.Option(
        "--log-format",
        metavar="FORMAT|NAME",
        help="Its LogFormat, or the nickname of one in the configuration. Default: that of the "
        "configuration, else vhost_combined, combined or common.",
        rich_help_panel=_TRAFFIC,
    ),
]
TopPaths = Annotated[
    int,
    typer.Option(
        "--top", min=1, max=1000, help="Paths to take from the log.", rich_help_panel=_TRAFFIC
    ),
]
AllowTokens = Annotated[
    bool,
    typer.Option(
        "--allow-tokens",
        help="Send logged addresses again that look as if they held a token.",
        rich_help_panel=_TRAFFIC,
    ),
]
ApachePath = Annotated[
    Path | None,
    typer.Option(
        "--apache",
        metavar="PATH",
        help="The Apache configuration that names the log's format.",
        rich_help_panel=_TRAFFIC,
    ),
]


def traffic_request(
    paths: list[str] | None,
    headers: list[str] | None,
    cookies: list[str] | None,
    allow_methods: list[str] | None,
    access_log: Path | None = None,
    log_format: str | None = None,
    top: int = 20,
    allow_tokens: bool = False,
    configuration: "ReadRequest | None" = None,
) -> "TrafficRequest":
    """Turn the options into a request; ``configuration`` is where log formats are defined."""
    from tuner.pipeline.traffic import TrafficRequest

    return TrafficRequest(
        paths=tuple(paths or ()),
        headers=tuple(headers or ()),
        cookies=tuple(cookies or ()),
        allow_methods=tuple(allow_methods or ()),
        access_log=access_log,
        log_format=log_format,
        configuration=configuration,
        top=top,
        allow_tokens=allow_tokens,
    )
