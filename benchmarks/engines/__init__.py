"""The load engines side by side on one real Apache."""
