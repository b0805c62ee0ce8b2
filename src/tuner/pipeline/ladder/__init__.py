"""The ladder: probes at rising load against one or several servers, side by side."""
