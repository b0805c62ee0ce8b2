"""What httpd and mod_wsgi mean: reading a configuration and knowing what it does."""
