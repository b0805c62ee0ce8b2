"""tuner optimize."""


def optimize() -> None:
    """Search settings."""
