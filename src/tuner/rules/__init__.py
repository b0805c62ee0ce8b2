"""The rule language: YAML rules, their expressions over named facts, and the checker. Pure."""
