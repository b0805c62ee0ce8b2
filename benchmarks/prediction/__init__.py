"""Predicted against measured memory."""
