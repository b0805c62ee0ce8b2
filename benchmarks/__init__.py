"""What the project measures about itself; each benchmark is one command that writes its result."""
