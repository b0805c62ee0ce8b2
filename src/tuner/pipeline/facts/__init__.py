"""The named facts that rules use: one module an area, put together in ``build``."""
