"""The server with known behaviour, for what loads one."""

from tests.probe.conftest import server_url

__all__ = ["server_url"]
