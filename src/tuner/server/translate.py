"""From a configuration to its private copy: one file, nothing shared with the live server.

The copy is written from the directives that httpd keeps, so that every Listen in
every false or true <IfModule>, every include and every macro has been dealt
with. Each line passes one rule: kept, dropped, replaced or given a private path.
"""

import grp
import os
import pwd
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from tuner.apache.binary import Httpd
from tuner.apache.directives import names_by_source
from tuner.apache.effective.values import occurrences
from tuner.apache.modules import source_of
from tuner.apache.reading.files import FileTree
from tuner.apache.syntax.words import quote_word
from tuner.apache.tree import Configuration, Directive
from tuner.capacity.settings import Settings
from tuner.errors import ServerError
from tuner.server.access import private_part
from tuner.server.addresses import PortMap
from tuner.server.daemonline import daemon_line
from tuner.server.frontlines import FRONT_DIRECTIVES, front_lines
from tuner.server.watcher import watch_line

_DROPPED = frozenset(
    {
        "pidfile",
        "scoreboardfile",
        "coredumpdirectory",
        "mutex",
        "lockfile",
        "acceptmutex",
        "sslmutex",
        "namevirtualhost",
        "listencoresbucketsratio",
        "wsgisocketprefix",
        "proxypass",
        "proxypassmatch",
        "wsgitelemetryservice",
        "wsgitelemetryoptions",
    }
)
_MPM_MODULES = frozenset({"mpm_prefork_module", "mpm_worker_module", "mpm_event_module"})
_DROPPED_MODULES = frozenset({"md_module", "heartbeat_module", "heartmonitor_module"})
_LOGS = frozenset(
    {"errorlog", "customlog", "transferlog", "forensiclog", "globallog", "scriptlog", "rewritelog"}
)
_PRIVATE_FILES = {
    "scriptsock": "cgisock",
    "davlockdb": "dav",
    "cacheroot": "cache",
    "wsgitelemetrysocket": "telemetry",
}
_SHARED_MEMORY = frozenset({"sslsessioncache", "sslstaplingcache", "authnsocacheprovidecache"})
_PATH_ARGUMENTS = {
    "documentroot": 0,
    "<directory": 0,
    "alias": 1,
    "aliasmatch": 1,
    "scriptalias": 1,
    "wsgiscriptalias": 1,
    "wsgiscriptaliasmatch": 1,
    "wsgiimportscript": 0,
    "wsgipythonhome": 0,
    "wsgipythonpath": 0,
    "typesconfig": 0,
    "mimemagicfile": 0,
    "authuserfile": 0,
    "authgroupfile": 0,
    "sslcertificatefile": 0,
    "sslcertificatekeyfile": 0,
    "sslcertificatechainfile": 0,
    "sslcacertificatefile": 0,
    "loadfile": 0,
}
"""Which argument is a path: with ``--root`` it is looked up inside the root."""

_KEYS = frozenset({"sslcertificatefile", "sslcertificatekeyfile"})

_NOBODY = 65534


class Translated(NamedTuple):
    """The text of the private copy, and what it holds."""

    text: str
    notes: tuple[str, ...]
    """What was left out, and why."""
    groups: tuple[str, ...]
    """The daemon process groups in the order of their lines: mod_wsgi numbers them so."""


class Translation:
    """The text of the private copy while it is written."""

    def __init__(
        self,
        configuration: Configuration,
        httpd: Httpd,
        directory: Path,
        ports: PortMap,
        settings: Settings | None,
        watched: Collection[str | None],
    ) -> None:
        self.configuration = configuration
        self.httpd = httpd
        self.directory = directory
        self.ports = ports
        self.settings = settings
        self.watched = watched
        self.notes: list[str] = []
        self.groups: list[str] = []
        self._files = FileTree(configuration.root)
        self._lines: list[str] = []
        self._listening: set[str] = set()
        self._logs = 0
        self._as_root = os.geteuid() == 0
        self._missing = self._missing_modules()
        self._unusable = self._unusable_hosts()
        self._unknown_names = {
            name for source in self._missing for name in names_by_source().get(source, ())
        }
        self._rules: dict[str, Callable[[Directive], str | None]] = {
            "listen": self._listen,
            "<virtualhost": self._virtual_host,
            "servername": self._server_name,
            "user": self._user,
            "group": self._user,
            "wsgidaemonprocess": self._daemon,
        }

    def text(self) -> str:
        """Return the configuration file of the private copy."""
        self._preamble()
        self._modules()
        if self.settings is not None:
            self._lines += front_lines(self.settings.front)
        self._body()
        if None in self.watched:
            self._lines.append(watch_line(self.directory, None))
        if not self._listening:
            raise ServerError("the configuration has no Listen that can be moved to loopback")
        return "\n".join(self._lines) + "\n"

    # --- what the copy begins with ---------------------------------------------

    def _preamble(self) -> None:
        root = self._inside(self.configuration.server_root)
        run = self.directory / "run"
        self._lines += [
            "# A private copy, made by tuner; removed when tuner ends.",
            f"ServerRoot {quote_word(root)}",
            f"DefaultRuntimeDir {quote_word(str(run))}",
            f"PidFile {quote_word(str(run / 'httpd.pid'))}",
            # Where the configuration names none, httpd would write below the real ServerRoot.
            f"ErrorLog {quote_word(str(self.directory / 'logs/error.log'))}",
        ]

    def _modules(self) -> None:
        loading = {
            directive.words[0]: directive
            for directive in self.configuration.directives
            if directive.key == "loadmodule" and directive.active and len(directive.words) == 2
        }
        for symbol in self.configuration.modules:
            if symbol in self.httpd.static_modules or symbol in _DROPPED_MODULES:
                continue
            configured = loading[symbol].words[1] if symbol in loading else ""
            if self.settings is not None and symbol in _MPM_MODULES:
                symbol = f"mpm_{self.settings.front.mpm}_module"
                configured = configured if symbol in loading else ""
            file = self.httpd.module_file(symbol, configured)
            if file is not None:
                self._lines.append(f"LoadModule {symbol} {quote_word(str(file))}")
        if self._has_daemons_or_scripts():
            self._lines.append(f"WSGISocketPrefix {quote_word(str(self.directory / 'run/w'))}")
            self._python_home()
        if not occurrences(self.configuration, "ServerName"):
            self._lines.append("ServerName localhost")

    def _python_home(self) -> None:
        """Name the Python of a mod_wsgi from PyPI; its processes would find another one."""
        home = self.httpd.python_home
        if home is None or occurrences(self.configuration, "WSGIPythonHome"):
            return
        private = private_part(home) if self._as_root else None
        if private is not None:
            raise ServerError(
                f"the Python of {self.httpd.wsgi_module} is in {private}, "
                "which only root may enter",
                hint="httpd's user needs it: build mod_wsgi with another Python, or do not be root",
            )
        self._lines.append(f"WSGIPythonHome {quote_word(str(home))}")

    def _has_daemons_or_scripts(self) -> bool:
        return "wsgi_module" in self.configuration.modules and "mod_wsgi.c" not in self._missing

    def _missing_modules(self) -> set[str]:
        missing: set[str] = set()
        for symbol in self.configuration.modules:
            if symbol in self.httpd.static_modules:
                continue
            if symbol in _DROPPED_MODULES or self.httpd.module_file(symbol) is None:
                missing.add(source_of(symbol))
                self.notes.append(f"{symbol} is left out: not available in {self.httpd.path}")
        return missing

    def _unusable_hosts(self) -> set[int]:
        """Find virtual hosts whose certificate or key cannot be read here."""
        unusable: set[int] = set()
        for directive in self.configuration.named(*_KEYS):
            path = self._inside(directive.words[0]) if directive.words else ""
            host = directive.virtual_host
            if host is not None and not os.access(path, os.R_OK):
                unusable.add(id(host))
                self.notes.append(
                    f"{host.label} at {host.location} is left out: cannot read {path}"
                )
        return unusable

    # --- its body ------------------------------------------------------------------

    def _body(self) -> None:
        open_sections: list[Directive] = []
        for directive in self.configuration.tree:
            around = list(directive.sections)
            if any(id(one) in self._unusable for one in (*around, directive)):
                continue
            while open_sections and open_sections != around[: len(open_sections)]:
                self._close(open_sections)
            line = self._translate(directive)
            if line is None:
                continue
            self._lines.append("  " * len(open_sections) + line)
            if directive.is_section:
                open_sections.append(directive)
        while open_sections:
            self._close(open_sections)

    def _close(self, open_sections: list[Directive]) -> None:
        section = open_sections.pop()
        self._lines.append("  " * len(open_sections) + f"</{section.name[1:]}>")

    def _translate(self, directive: Directive) -> str | None:
        key = directive.key
        rule = self._rules.get(key)
        if rule is not None:
            return rule(directive)
        if directive.is_section:
            return self._with_paths(directive)
        if key in _DROPPED or key in self._unknown_names:
            return None
        if self.settings is not None and key in FRONT_DIRECTIVES:
            return None
        if key == "asyncrequestworkerfactor" and not self._is_event():
            return None
        if key in _LOGS:
            return self._log(directive)
        if key in _PRIVATE_FILES:
            private = self.directory / "run" / _PRIVATE_FILES[key]
            return f"{directive.name} {quote_word(str(private))}"
        if key in _SHARED_MEMORY:
            return self._shared_memory(directive)
        return self._with_paths(directive)

    def _is_event(self) -> bool:
        return self.settings is None or self.settings.front.mpm == "event"

    def _listen(self, directive: Directive) -> str | None:
        line = self.ports.listen(directive.words)
        if line is None or line.split()[1] in self._listening:
            return None
        self._listening.add(line.split()[1])
        return line

    def _virtual_host(self, directive: Directive) -> str:
        addresses = dict.fromkeys(self.ports.virtual_host(word) for word in directive.words)
        return f"<VirtualHost {' '.join(addresses)}>"

    @staticmethod
    def _server_name(directive: Directive) -> str | None:
        if not directive.words:
            return None
        host = directive.words[0].partition("://")[2] or directive.words[0]
        return f"ServerName {quote_word(host.partition(':')[0])}"

    def _user(self, directive: Directive) -> str:
        """Keep User and Group as root; otherwise they must be the ones that run us.

        A tree from another machine may name a user that this one does not have.
        """
        if not self._as_root:
            number = os.geteuid() if directive.key == "user" else os.getegid()
            return f"{directive.name} #{number}"
        name = directive.words[0] if directive.words else ""
        exists = _user_exists(name) if directive.key == "user" else _group_exists(name)
        if exists or self.configuration.root is None:
            return f"{directive.name} {directive.args}"
        self.notes.append(f"{directive.name} {name} does not exist here: nobody stands in")
        return f"{directive.name} #{_NOBODY}"

    def _daemon(self, directive: Directive) -> str | None:
        name = directive.words[0] if directive.words else ""
        groups = self.settings.groups if self.settings else ()
        group = next((one for one in groups if one.name == name), None)
        if group is not None and group.threads == 0:
            self.notes.append(f"daemon group {name} is a service (threads=0) and is left out")
            return None
        self.groups.append(name)
        line = daemon_line(directive, group, self._inside, as_root=self._as_root)
        if name in self.watched:
            line += "\n" + watch_line(self.directory, name)
        return line

    def _log(self, directive: Directive) -> str | None:
        """Give every log its own private file; the format and the work stay the same."""
        words = list(directive.words)
        if not words or words[0] == "/dev/null":
            return f"{directive.name} {directive.args}"
        self._logs += 1
        name = "error.log" if directive.key == "errorlog" else f"{directive.key}-{self._logs}.log"
        path = quote_word(str(self.directory / "logs" / name))
        return " ".join([directive.name, path, *map(quote_word, words[1:])])

    def _shared_memory(self, directive: Directive) -> str:
        words = list(directive.words)
        kind, colon, rest = words[0].partition(":") if words else ("", "", "")
        if colon and "/" in rest:
            size = rest[rest.index("(") :] if "(" in rest else ""
            words[0] = f"{kind}:{self.directory / 'run' / directive.key}{size}"
        return " ".join([directive.name, *map(quote_word, words)])

    def _with_paths(self, directive: Directive) -> str:
        position = _PATH_ARGUMENTS.get(directive.key)
        if self.configuration.root is None or position is None:
            return f"{directive.name} {directive.args}"
        words = list(directive.words)
        if len(words) <= position:
            return f"{directive.name} {directive.args}"
        words[position] = self._inside(words[position])
        closing = ">" if directive.is_section else ""
        return " ".join([directive.name, *map(quote_word, words)]) + closing

    def _inside(self, path: str) -> str:
        """Return the host path of a path in the configuration, where it exists there."""
        if self.configuration.root is None or path in ("", "/"):
            return path
        absolute = path if path.startswith("/") else f"{self.configuration.server_root}/{path}"
        if self._files.kind(absolute) == "missing":
            return path
        return str(self._files.real_path(absolute))


def _user_exists(name: str) -> bool:
    try:
        return name.startswith("#") or pwd.getpwnam(name) is not None
    except KeyError:
        return False


def _group_exists(name: str) -> bool:
    try:
        return name.startswith("#") or grp.getgrnam(name) is not None
    except KeyError:
        return False


def translate(
    configuration: Configuration,
    httpd: Httpd,
    directory: Path,
    ports: PortMap,
    settings: Settings | None,
    watched: Collection[str | None] = (),
) -> Translated:
    """Return the private copy; ``watched`` process groups count their requests.

    Without ``settings`` every size stays as it is written.

    Raises:
        ServerError: the configuration cannot run here as it is.
    """
    translation = Translation(configuration, httpd, directory, ports, settings, watched)
    return Translated(translation.text(), tuple(translation.notes), tuple(translation.groups))
