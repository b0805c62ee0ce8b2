"""What httpd and mod_wsgi make of the tree: values in force after defaults and clamps."""
