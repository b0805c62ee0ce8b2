"""Facts about the files that the front serves."""

from fnmatch import fnmatchcase
from pathlib import Path

from tuner.apache.effective.values import occurrences
from tuner.apache.reading.state import merge_path
from tuner.apache.tree import Configuration, Directive
from tuner.fact import Fact, Known, Unknown
from tuner.host.mounts import NETWORK_TYPES, filesystem_of
from tuner.pipeline.facts.origin import Table, of_flag
from tuner.rules.expression.nodes import Scalar

_SHIPPED = ("/usr/share/", "/usr/local/apache2/icons", "/usr/local/apache2/manual")
"""Icons, manuals and error pages that come with httpd, and packaged libraries."""


class Content:
    """Document roots and aliases of one configuration, each looked up once."""

    def __init__(self, configuration: Configuration, is_here: bool) -> None:
        self.configuration = configuration
        self.is_here = is_here
        self.roots = {
            merge_path(configuration.server_root, one.words[0]): one
            for one in configuration.named("DocumentRoot")
            if one.words
        }
        self.aliases = {
            one.words[0]: merge_path(configuration.server_root, one.words[1])
            for one in configuration.named("Alias")
            if len(one.words) > 1
        }
        self.network = self._network(is_here)

    def facts(self) -> Table:
        """Return the facts of the whole server."""
        own = [url for url, path in self.aliases.items() if not path.startswith(_SHIPPED)]
        checked = [path for path, one in self.roots.items() if self._checks_links(path, one)]
        facts: Table = {
            "content.static_aliases": Known(tuple(own), "configuration", "Alias"),
            "content.mmap": of_flag(self.configuration, "EnableMMAP", True),
            "content.missing_log_directories": self._missing_log_directories(),
            "content.sendfile": of_flag(self.configuration, "EnableSendfile", False),
            "content.symlink_checked": Known(tuple(checked), "derived", "Options in force"),
        }
        if isinstance(self.network, Unknown):
            names = ("network_paths", "is_local", "mmap_on_network")
            return {**facts, **dict.fromkeys((f"content.{one}" for one in names), self.network)}
        paths = self.network.value
        mapped = [path for path in paths if self._flag("EnableMMAP", path, True)]
        source = self.network.source
        return {
            **facts,
            "content.network_paths": Known(paths, "measured", source),
            "content.is_local": Known(not paths and bool(self.roots), "measured", source),
            "content.mmap_on_network": Known(tuple(mapped), "derived", "EnableMMAP in force"),
        }

    def covers_documents(self, one: Directive) -> bool:
        """Tell whether a directive holds for a document root."""
        section = one.section
        if section is None or section.key == "<virtualhost":
            return True
        if section.key != "<directory" or not section.words:
            return False
        return any(_holds_for(section.words[0], root) for root in self.roots)

    def on_network(self, one: Directive) -> Fact[Scalar]:
        """Return the served directories on the network for which a directive holds."""
        if isinstance(self.network, Unknown):
            return self.network
        section = one.section
        paths = self.network.value
        if section is not None and section.key == "<directory" and section.words:
            within = section.words[0].rstrip("/") or "/"
            paths = tuple(
                path for path in paths if _holds_for(within, path) or _holds_for(path, within)
            )
        return Known(paths, "measured", self.network.source)

    def _network(self, is_here: bool) -> Known[tuple[str, ...]] | Unknown:
        if not is_here:
            return Unknown("the configuration is not known to be this machine's")
        served = dict.fromkeys((*self.roots, *self.aliases.values()))
        found = [path for path in served if filesystem_of(path) in NETWORK_TYPES]
        return Known(tuple(found), "measured", "/proc/self/mountinfo")

    def _missing_log_directories(self) -> Fact[Scalar]:
        """Return the directories of logs that are not there: httpd does not make them."""
        if not self.is_here:
            return Unknown("the configuration is not known to be this machine's")
        found: dict[str, None] = {}
        for one in self.configuration.named("ErrorLog", "CustomLog", "TransferLog"):
            word = one.words[0] if one.words else ""
            if not word or word.startswith(("|", "syslog")) or "${" in word:
                continue
            directory = Path(merge_path(self.configuration.server_root, word)).parent
            # What is below /run comes with the service that starts httpd.
            if not str(directory).startswith(("/run", "/var/run")) and not directory.is_dir():
                found[str(directory)] = None
        return Known(tuple(found), "measured", "directories of ErrorLog and CustomLog")

    def _sections_for(self, path: str, name: str, host: Directive | None) -> list[Directive]:
        """Return the directives ``name`` that hold for a path, the weakest first."""
        scopes = (None, host) if host is not None else (None,)
        found = [one for scope in scopes for one in occurrences(self.configuration, name, scope)]
        inside = [
            one
            for one in self.configuration.named(name)
            if one.section is not None
            and one.section.key == "<directory"
            and one.section.words
            and one.section.section in scopes
            and _holds_for(one.section.words[0], path)
        ]
        inside.sort(key=lambda one: len(one.section.words[0]) if one.section else 0)
        return [*found, *inside]

    def _flag(self, name: str, path: str, default: bool) -> bool:
        found = self._sections_for(path, name, None)
        return found[-1].words[0].lower() == "on" if found and found[-1].words else default

    def _checks_links(self, path: str, root: Directive) -> bool:
        """Tell whether httpd checks every part of a path for links (core.html, Options)."""
        options = {"followsymlinks"}
        for one in self._sections_for(path, "Options", root.virtual_host):
            words = [word.lower() for word in one.words]
            if not any(word[0] in "+-" for word in words if word):
                options = set()
            for word in words:
                name = word.lstrip("+-")
                names = {"followsymlinks"} if name == "all" else {name}
                options = options - names if word.startswith("-") else options | names
        return "followsymlinks" not in options


def _holds_for(pattern: str, path: str) -> bool:
    """Tell whether <Directory pattern> holds for a directory: it or one around it matches."""
    pattern = pattern.rstrip("/") or "/"
    if pattern == "/" or path == pattern or path.startswith(pattern + "/"):
        return True
    depth = pattern.count("/")
    parts = path.split("/")
    return len(parts) > depth and fnmatchcase("/".join(parts[: depth + 1]), pattern)
