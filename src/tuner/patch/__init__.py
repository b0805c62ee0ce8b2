"""From wanted changes to a reviewed patch: find the bytes, edit, diff, verify, write."""
