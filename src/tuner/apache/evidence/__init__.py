"""What a server's own error logs say about its limits."""
