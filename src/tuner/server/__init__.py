"""The server under test: a private shadow of a configuration, started, proven up, removed."""
