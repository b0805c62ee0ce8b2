"""A large configuration that httpd accepts: virtual hosts with everything that makes reading hard.

Twenty physical lines a host: variables, conditions true and false, continuations,
nested sections, quoted words, comments, a daemon process group and its alias.
"""

from pathlib import Path

LINES_PER_HOST = 20

HEAD = """\
Define SITES "{documents}"
Define PORT 18080
"""

HOST = """\
# site {number} of many: \\
generated, with its own application
<VirtualHost *:${{PORT}}>
    ServerName site{number}.example
    ServerAlias "www.site{number}.example" static{number}.example \\
        img{number}.example
    DocumentRoot ${{SITES}}
    <IfModule mod_wsgi.c>
        WSGIDaemonProcess site{number} processes=2 threads=5 display-name="%{{GROUP}}"
        WSGIScriptAlias / ${{SITES}}/site{number}.wsgi process-group=site{number}
    </IfModule>
    <IfModule !mod_wsgi.c>
        SetEnv FALLBACK "site {number}"
    </IfModule>
    <Directory "${{SITES}}/{number}">
        Require all granted
    </Directory>
    Timeout 60
    KeepAliveTimeout 5
</VirtualHost>
"""


def write_configuration(directory: Path, hosts: int) -> Path:
    """Write ``httpd.conf`` with ``hosts`` virtual hosts; return it."""
    documents = directory / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    assert HOST.count("\n") == LINES_PER_HOST
    main = directory / "httpd.conf"
    text = HEAD.format(documents=documents) + "".join(
        HOST.format(number=number) for number in range(hosts)
    )
    main.write_text(text, "ascii")
    return main
