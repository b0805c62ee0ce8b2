"""What the machine gives: memory, cgroup limits, cores, and what each process uses."""
