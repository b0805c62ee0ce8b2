"""How long a cold audit takes, beside the configuration test of httpd."""
