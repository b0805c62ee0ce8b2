"""Load programs of others, one module each: a bounded command line in, a result out.

What a program does not tell stands in ``ProbeResult.unknown``; nothing is invented.
"""
