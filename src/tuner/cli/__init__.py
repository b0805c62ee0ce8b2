"""The command line: parse, call the pipeline, render, exit code. No decisions."""
