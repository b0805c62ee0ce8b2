"""Load probes: one bounded measurement at one concurrency, by exchangeable engines."""
