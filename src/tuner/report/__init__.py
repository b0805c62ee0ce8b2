"""Reports: render frozen values, compute nothing."""
