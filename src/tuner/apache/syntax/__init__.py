"""How httpd cuts a file into lines and a line into words."""
