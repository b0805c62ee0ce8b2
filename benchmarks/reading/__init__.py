"""Reading one large configuration: tuner, httpd and other parsers."""
