"""No report shows a password, a key or a token."""

from pathlib import Path

import pytest

from tests.apache.trees import Case, read_case
from tuner.apache.secrets import REDACTED, Secrets, is_secret_name, secrets_of

SECRET = "s3cr3t-Value"


@pytest.mark.parametrize(
    "line",
    [
        f"AuthLDAPBindPassword {SECRET}",
        f'authldapbindpassword "{SECRET}"',
        f"SetEnv DB_PASSWORD {SECRET}",
        f"SetEnv DJANGO_SECRET_KEY '{SECRET}'",
        f"SetEnv aws_access_key_id {SECRET}",
        f"SetEnv API_TOKEN {SECRET}",
        f"Define DbPass {SECRET}",
        f"SetEnv DATABASE_URL postgres://app:{SECRET}@db.example/app",
        f"ProxyPass /x http://user:{SECRET}@backend.example/",
        f"ProxyPass /x ajp://backend:8009/ secret={SECRET}",
        f"BalancerMember ajp://backend:8009 secret={SECRET}",
        f'DBDParams "host=db user=app password={SECRET}"',
        f'RequestHeader set Authorization "Basic {SECRET}"',
        f"Header always set X-Api-Token {SECRET}",
        f"RequestHeader setifempty X-Secret {SECRET} env=X",
        f"SessionCryptoPassphrase {SECRET}",
        f"SetEnvIf Host .* API_KEY={SECRET}",
        f"RewriteRule ^ - [E=APP_PASSWORD:{SECRET}]",
        f"php_admin_value mysqli.default_password {SECRET}",
        f"OIDCClientSecret {SECRET}",
    ],
)
def test_a_secret_is_taken_out(line: str, tmp_path: Path) -> None:
    configuration = read_case(tmp_path, Case({"t.conf": f"{line}\n"}))
    found = [one for one in configuration.directives if one.file.endswith("t.conf")][-1]
    redacted = secrets_of(configuration).redact_args(found.name, found.args)
    assert SECRET in found.args
    assert SECRET not in redacted
    assert REDACTED in redacted


@pytest.mark.parametrize(
    "line",
    [
        "SetEnv LANG C.UTF-8",
        "SetEnv KEEPALIVE 5",
        "SSLCertificateKeyFile /etc/ssl/private/site.key",
        "SetEnv SSL_KEY_FILE /etc/ssl/private/site.key",
        "SetEnv DB_PASSWORD ${DB_PASSWORD}",
        "WSGIPassAuthorization On",
        "WSGIScriptAlias / /srv/app.wsgi pass-authorization=On",
        "WSGIDaemonProcess a user=www threads=5 home=/srv/secret",
        "RewriteRule ^/token=([^&]+) /x?key=$1 [L,QSA]",
        'RewriteCond %{QUERY_STRING} "password=[^&]+"',
        "Header set X-Frame-Options SAMEORIGIN",
        'LogFormat "%{Authorization}i" auth',
        "ProxyPass /x http://backend.example:8080/",
        "AuthUserFile /etc/apache2/passwords",
        "SSLSessionTicketKeyFile /etc/apache2/ticket.key",
        "Redirect / https://user@example/",
    ],
)
def test_what_is_no_secret_stays(line: str, tmp_path: Path) -> None:
    configuration = read_case(tmp_path, Case({"t.conf": f"{line}\n"}))
    found = configuration.directives[-1]
    assert secrets_of(configuration).redact_args(found.name, found.args) == found.args


def test_a_secret_is_hidden_wherever_it_stands(tmp_path: Path) -> None:
    text = (
        f"<Macro Site $password>\nSetEnv DB_PASSWORD $password\n</Macro>\nUse Site {SECRET}\n"
        f"<IfModule never.c>\nSetEnv OTHER_TOKEN hidden-1\n</IfModule>\nSetEnv X hidden-1\n"
        "SetEnv Y from-environment\n"
    )
    case = Case({"t.conf": text}, environment={"APP_SECRET": "from-environment"})
    configuration = read_case(tmp_path, case)
    secrets = secrets_of(configuration)
    shown = "\n".join(secrets.redact_args(one.name, one.args) for one in configuration.directives)
    for secret in (SECRET, "hidden-1", "from-environment"):
        assert secret not in shown
    assert secrets.redact(f"cannot read {SECRET}") == f"cannot read {REDACTED}"


def test_a_short_secret_is_hidden_only_in_its_place() -> None:
    secrets = Secrets(["root", "longer-secret"])
    assert secrets.redact("User root, longer-secret") == f"User root, {REDACTED}"
    assert secrets.redact("longer-secrets") == "longer-secrets"
    assert secrets.redact_args("SetEnv", "DB_PASSWORD root") == f"DB_PASSWORD {REDACTED}"


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *(("PGPASSWORD", True), ("SECRET_KEY", True), ("apiKey", True), ("X-API-Key", True)),
        *(("DbPass", True), ("SENTRY_DSN", True), ("OAuthToken", True), ("db.passwd", True)),
        *(("MONKEY", False), ("KEYBOARD", False), ("PASSENGER", False), ("COMPASS", False)),
    ],
)
def test_a_name_tells_a_secret(name: str, is_secret: bool) -> None:
    assert is_secret_name(name) is is_secret
