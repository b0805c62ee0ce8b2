"""Advice on sizes, right or wrong by measurement."""
