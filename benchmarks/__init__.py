"""Benchmarks: each is one command that writes its result."""
