"""The table of the post that began this project, on this machine.

The post compared a static file, an embedded application and daemon mode with
ApacheBench at 10, 100, 200 and 500 clients, one run each, and doubted its own
numbers. Here the columns are probed in turn, several times, with intervals and
validity checks: ``python -m benchmarks.founding_table.run``.
"""
