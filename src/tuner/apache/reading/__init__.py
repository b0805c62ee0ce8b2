"""The read phase: files, conditions, variables, macros, and the loop over all of them."""
