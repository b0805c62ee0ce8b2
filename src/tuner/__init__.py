"""Measure, audit and tune Apache httpd with mod_wsgi."""

__version__ = "0.1.0"
