"""Arithmetic of capacity: settings, memory need, budget, queues. Pure functions on values."""
