"""The order of the stages of each command; the only place that knows it."""
