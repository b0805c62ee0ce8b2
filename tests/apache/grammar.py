"""Random configurations for the comparison with the real httpd.

Three of four hold only what httpd accepts and executes, because only then it
shows its tree; the others also hold lines that are wrong on purpose. UnsetEnv
takes any number of any words anywhere, so it carries the odd quoting.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.apache.trees import MAIN

_WORDS = (
    *("a", "b.example", "A=1", "*", "#", "#x", "~", "%{X}e", "caf\u00e9", "\u00a0", "\ufeff"),
    *('"a b"', "'a b'", "'a\" b'", '"a \\" b"', '"a\\\\ b"', "'it\\'s'", '"a\\d"', '"\\"'),
    *('"a"b', '"a""b"', 'a"b c"d', '"open', "'open", "x\\\\y", "x\\y", "\\", "\\\\", "\\\\\\"),
    *("<", ">", "<a>", "a>", "</Files>", "</", "/>", "a\tb", "a\vb", "a\fb", "a\rb", "{", "}"),
    *("$", "$$", "-", "!", "on", "0", "1e3", "${V}", "${v}", "${W}", "x${W}y", "'${W}'"),
    *("\\${V}", "$${V}", "${UNKNOWN}", "${ENV}", "${env}", "${}", "${V", "${V${W}}", "${a:b}"),
    *("${E}", "${SPACED}"),
)
_LATER_WORDS = (*_WORDS, '""', "''", "\t", "\v", "\f", "\r")
_NAMES = (
    *("UnsetEnv",) * 8,
    *("unsetenv", "UNSETENV", '"UnsetEnv"', "'UnsetEnv'", "UnsetEnv>", '"UnsetEnv>"'),
    *("${NAME}", "${name} ", '"${NAME}"', "${NAMEZ}"),
)
_PLAIN = (
    *("# a comment", "#", "", "   ", "#</IfModule>", "SetEnv A", "SetEnv A b", "SetEnv A 'b c'"),
    *('setenv "A b" "c\\"', "SetEnv A b\\", '\tSetEnv "A"b'),
)
_HOST_PLAIN = (
    *("Timeout 5", "TIMEOUT 60", "timeout 5x", "KeepAlive On", "KeepAlive Off # not now"),
    *("ServerName localhost", 'ServerName "a.example"', "ServerName a.example:80"),
)
_DEFINITIONS = (
    *("Define V value", "Define v other", 'Define W "two words"', "Define W 'x\\'y'"),
    *("Define FLAG", "define E ''", "Define V ${ENV}", "UnDefine V", "undefine W", "UnDefine FLAG"),
    *("Define V \u00e9\\\\", "UnDefine nothing", "Define W #"),
)
_CONDITIONS = (
    *("IfModule core.c", "IfModule mpm_event_module", "IfModule event.c", "IfModule !nope.c"),
    *("IfModule ! nope.c", "IfModule 'core.c'", 'IfModule "env_module" more', "ifmodule so_module"),
    *("IfDefine GIVEN", "IfDefine !NOTHING", "IFDEFINE 'GIVEN'", "IfFile t.conf", "IfFile d"),
    *("IfVersion >= 2.4", "IfVersion > 2.4", "IfVersion < 3", "IfVersion !< 2", "IfVersion = /^2/"),
    *("IfVersion ~ ^2\\.4", "IfDirective Timeout", "IfDirective unsetenv", "IfSection VirtualHost"),
    *("IfFile !nope", "IfDirective !Nope", "IfDefine FLAG", "IfDefine V", "IfDefine !FLAG"),
    *("IfModule nope.c", "IfModule CORE.C", "IfModule !core.c", "IfModule '!nope.c'"),
    *("IfModule env", "IfModule mod_event.c", "IfDefine NOTHING", "IfDefine given"),
    *("IfDefine !GIVEN", "IfFile nope", "IfVersion < 2.4", "IfVersion 2.4", "IfVersion !>= 2.4"),
    *("IfVersion == 2.4.1", "IfSection Nope", "IfDirective SSLEngine", "IfModule nope.c > not"),
    *("IfVersion ~ 2\\.2", "IfDefine ENV", "IfModule ${V}", "IfDefine ${V}", "IfFile '${ENV}'"),
)
_FAULTY_CONDITIONS = (
    *("IfModule", "IfDefine ''", "IfVersion >=2.4", "IfVersion", "IfVersion ?? 2", "IfVersion a"),
    *("IfVersion", "IfVersion = /x", "IfVersion ~ (", "IfModule !", "< IfModule x", "IfDefine > x"),
)
_FILES = ("Files *.txt", 'Files "a b"', "FilesMatch \\.x$", "Files ~ b$", "Files ${V}", "FILES 'x")
_SECTIONS = (
    *("Directory /tmp", 'Directory "/a b"', "Directory '/tmp", "directory /", "Directory ${ENV}"),
    *("Location /x", "LOCATION '/y z'", "LocationMatch ^/z", "Location /> # more <y"),
)
_HOSTS = ("VirtualHost *:80", "VirtualHost 127.0.0.1:8080", "virtualhost '*:80'", "VirtualHost *")
_INCLUDES = (
    *("d", "d/", "d/*.conf", "d/*", "d/[12].conf", "d/?.conf", "*/1.conf", "[d]/[!1].conf"),
    *("d/x", "'d/1.conf'", "./d/1.conf", "x/../d/2.conf", "$ROOT/d/*.conf", "d/*/3.conf"),
    *("${INC}", '"${inc}"'),
)
_HOST_INCLUDES = ("a.inc", "b.inc", "'a.inc'", "./a.inc", "[ab].inc", "?.inc")
_MISSING = ("nope.inc", "nope/*.conf", "d/*.nope", "d/nope", "d/nope*/x.conf")
_FAULTY = (
    *("Include nope.inc", "Include d/*.nope", "Include d/1.conf/*.conf", "Include a.inc b.inc"),
    *("Include", "Include ''", "IncludeOptional a b", "Include [", "UnDefine", "Define a b c"),
    *("Define", "Define a:b c", "ServerRoot /nope", "LoadModule x", "Define NAME '<Files x>'"),
    *("</Files>", "<Files>", "<", "</IfModule>", "< Files x>", "<Files x", "Nope", "</", "<>"),
    *("<IfModule core.c>", "</Directory>", "\ufeffUnsetEnv a", "UnsetEnv", 'UnsetEnv ""', "\0"),
    *("Use nothing", "UndefMacro x", "<Macro>", "</Macro>", "# comment \\"),
)
_MACROS = (
    ["<Macro M $a $ab>", "UnsetEnv $a $ab$a '$ab' ${V}", "</Macro>"],
    [
        "<Macro m @x>",
        "# dropped",
        "UnsetEnv @x \\",
        "@x",
        "<IfDefine FLAG>",
        "</IfDefine>",
        "</Macro>",
    ],
    ["<macro N>", "", "<Files x>", "${NAME} q", "</Files>", "Define V inside", "</MACRO> x"],
    ["<Macro 'P' a>", "Use N", "a b a", "<Macro Q>", "UnsetEnv a", "</Macro>", "</Macro>"],
)
_USES = (
    *("Use M a b", "use m 'a b' c", "USE M ${V} x", "Use N", "use n", "Use P UnsetEnv", "Use Q"),
    *("Use M x", 'Use m "q\\\\"', "Use m '${ENV}'"),
)
_BREAKS = (b"\\\n", b"\\\n", b"\\\r\n", b"\\\n\\\n", b"\\ \n", b"\\\\\n")
_ENDS = (b"\n", b"\n", b"\n", b"", b"\\", b"\\\n", b"\r\n", b"\n\\\n")

_NUMBERS = {most: st.integers(0, most) for most in range(64)}


class _Author:
    """Writes one configuration; every choice is hypothesis's, so that it can shrink."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.faulty = self.chance(4)

    def chance(self, of: int) -> bool:
        return self.draw(_NUMBERS[of - 1]) == of - 1

    def pick(self, values: Sequence[str]) -> str:
        return values[self.number(len(values) - 1)]

    def number(self, most: int) -> int:
        if most < 64:
            return self.draw(_NUMBERS[most])
        return self.draw(st.integers(0, most))

    def lines(self, context: str, depth: int, most: int) -> list[str]:
        found: list[str] = []
        for _ in range(self.number(most)):
            found += self.item(context, depth)
        return found

    def item(self, context: str, depth: int) -> list[str]:
        """One line or one block; ``context`` says what may stand here."""
        if self.faulty and self.chance(12):
            return [self.pick(_FAULTY)]
        if context in ("server", "host") and self.chance(16):
            return self.macro(context, depth)
        kind = self.number(11)
        if kind < 5 or (kind < 9 and depth > 3):
            return [self.directive()]
        if kind == 5:
            return [self.pick(_DEFINITIONS)]
        if kind == 6:
            plain = (*_PLAIN, *_HOST_PLAIN) if context in ("server", "host") else _PLAIN
            return [self.pick(plain)]
        if kind in (7, 8):
            return self.block(self.condition(), context, depth)
        if kind == 9 and context not in ("included", "leaf"):
            return [self.include(context)]
        return self.section(context, depth)

    def macro(self, context: str, depth: int) -> list[str]:
        """A macro, something between, and a use that may not fit it."""
        definition = _MACROS[self.number(len(_MACROS) - 1)]
        return [*definition, *self.item("leaf", depth + 1), self.pick(_USES)]

    def directive(self) -> str:
        words = [self.pick(_WORDS)]
        words += [self.pick(_LATER_WORDS) for _ in range(self.number(3))]
        return f"{self.pick(_NAMES)} {' '.join(words)}"

    def condition(self) -> str:
        faulty = self.faulty and self.chance(12)
        return self.pick(_FAULTY_CONDITIONS if faulty else _CONDITIONS)

    def include(self, context: str) -> str:
        if self.chance(4):
            return f"IncludeOptional {self.pick(_MISSING)}"
        places = _INCLUDES if context == "directory" else (*_INCLUDES, *_HOST_INCLUDES)
        return f"{self.pick(('Include', 'IncludeOptional', 'include'))} {self.pick(places)}"

    def section(self, context: str, depth: int) -> list[str]:
        if context == "leaf" or depth > 4:
            return [self.directive()]
        if context == "server" and self.chance(4):
            return self.block(self.pick(_HOSTS), "host", depth)
        if context in ("server", "host") and self.chance(2):
            head = self.pick(_SECTIONS)
            inner = "directory" if head.lower().startswith("directory") else "leaf"
            return self.block(head, inner, depth)
        return self.block(self.pick(_FILES), "leaf", depth)

    def block(self, head: str, context: str, depth: int) -> list[str]:
        name = head.split(None, 1)[0]
        return [f"<{head}>", *self.lines(context, depth + 1, 3), *self.closing(name)]

    def closing(self, name: str) -> list[str]:
        if self.faulty and self.chance(12):
            wrong = (f"</{name} >", f"</{name}", "</Nope>", f"</{name}> # end", f"</{name}>x")
            return [] if self.chance(4) else [self.pick(wrong)]
        return [self.pick((f"</{name}>", f"</{name.lower()}>", f"\t</{name.upper()}> "))]

    def text(self, lines: list[str]) -> bytes:
        """Join lines with odd continuations, line ends and ends of file."""
        raw = "\n".join(lines).encode()
        for _ in range(max(0, self.number(4) - 2)):
            place = self.number(len(raw))
            breaks = _BREAKS if self.faulty else _BREAKS[:3]
            raw = raw[:place] + breaks[self.number(len(breaks) - 1)] + raw[place:]
        kind = self.number(19)
        if kind == 19:
            raw = raw.replace(b"\n", b"\r\n")
        elif kind == 18:
            place = self.number(len(raw))
            raw = raw[:place] + b" \0" + raw[place:]
        return raw + _ENDS[self.number(len(_ENDS) - 1)]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, bytes]:
    """Content by path: a main file and those that it may include."""
    author = _Author(draw)
    head = ["Define NAME UnsetEnv", 'Define NAMEZ "UnsetEnv z"', "Define INC d/*.conf"]
    files = {MAIN: author.text([*head, *author.lines("server", 0, 9)])}
    for name in ("a.inc", "b.inc"):
        files[name] = author.text(author.lines("host", 1, 4))
    for name in ("d/1.conf", "d/2.conf", "d/.hidden.conf", "d/x/3.conf"):
        files[name] = author.text(author.lines("included", 2, 2))
    return files
