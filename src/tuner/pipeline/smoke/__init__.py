"""Performance smoke tests: a baseline, and later runs compared with it."""
