"""Other ways to serve the same requests, each measured in turn with the result.

They change more than numbers, so they are reported with what would have to be
written, and never put into the patch.
"""
