"""Our own small configurations, one for each way in which httpd reads.

Every case is read by us (test_reading) and by the real httpd (test_oracle). All
are such that httpd can also execute them, because only then it shows its tree.
"""

from tests.apache.trees import FIRST, MAIN, Case, one

LINES = {
    "a continuation joins lines without a space": one(
        "Time\\\nout 5\nUnsetEnv a\\\nb \\\n  c\n", "t.conf:2 Timeout 5", "t.conf:5 UnsetEnv ab   c"
    ),
    "the line number is that of the last physical line": one(
        "UnsetEnv \\\n  a \\\n\nTimeout 5\n", "t.conf:3 UnsetEnv a", "t.conf:4 Timeout 5"
    ),
    "a continuation may end in CR LF": one(
        b"UnsetEnv a\\\r\nb\r\nTimeout 5\r\n", "t.conf:2 UnsetEnv ab", "t.conf:3 Timeout 5"
    ),
    "only one CR is dropped in a continuation": one(
        b"UnsetEnv a\\\r\r\nTimeout 5\n", "t.conf:1 UnsetEnv a\\", "t.conf:2 Timeout 5"
    ),
    "a backslash and a space are no continuation": one(
        "UnsetEnv a \\ \nTimeout 5\n", "t.conf:1 UnsetEnv a \\", "t.conf:2 Timeout 5"
    ),
    "two backslashes continue and one of them stays": one(
        "UnsetEnv a\\\\\nb\n", "t.conf:2 UnsetEnv a\\b"
    ),
    "two backslashes swallow an empty line too": one(
        "UnsetEnv a\\\\\n\nTimeout 5\n", "t.conf:3 UnsetEnv aTimeout 5"
    ),
    "a comment continues too": one(
        "# old: \\\nTimeout 5\nTimeout 6\n# C:\\web\\\nTimeout 7\n", "t.conf:3 Timeout 6"
    ),
    "a number sign inside a continuation is text": one(
        "UnsetEnv a \\\n# b\n", "t.conf:2 UnsetEnv a # b"
    ),
    "the end of the file inside a continuation counts one line more": one(
        "Timeout 5\\\n", "t.conf:2 Timeout 5"
    ),
    "a backslash at the end of the file stays": one("UnsetEnv x\\", "t.conf:1 UnsetEnv x\\"),
    "a last line needs no line feed": one("Timeout 5", "t.conf:1 Timeout 5"),
    "nothing but a continuation is nothing": one("Timeout 5\n\\\n", "t.conf:1 Timeout 5"),
    "a NUL hides the rest of its physical line": one(
        b"UnsetEnv a\0b c\nTimeout 5\n", "t.conf:1 UnsetEnv a", "t.conf:2 Timeout 5"
    ),
    "a line with a NUL does not continue": one(
        b"UnsetEnv a \\\0\\\nTimeout 5\n", "t.conf:1 UnsetEnv a \\", "t.conf:2 Timeout 5"
    ),
    "a NUL may follow a continuation": one(
        b"UnsetEnv a \\\nb\0c\\\nTimeout 5\n", "t.conf:2 UnsetEnv a b", "t.conf:3 Timeout 5"
    ),
    "a file with CR only is one line": one(
        b"UnsetEnv a\rTimeout 5\rKeepAlive Off\r", "t.conf:1 UnsetEnv a\rTimeout 5\rKeepAlive Off"
    ),
    "white space is that of C": one(
        b"\v\f UnsetEnv\va\f\n\t\r\n  # comment\n", "t.conf:1 UnsetEnv a"
    ),
    "a no-break space is a letter": one(
        "UnsetEnv a\u00a0b \u00a0c\n", "t.conf:1 UnsetEnv a\u00a0b \u00a0c"
    ),
    "bytes that are no UTF-8 stay as they are": one(
        b"UnsetEnv \xe9\xff\n", "t.conf:1 UnsetEnv \udce9\udcff"
    ),
    "a long line is read": one(f"UnsetEnv {'x' * 20_000}\n", f"t.conf:1 UnsetEnv {'x' * 20_000}"),
    "long continuations are joined": one(
        "UnsetEnv " + "\\\n".join(["y" * 5000] * 4) + "\n", f"t.conf:4 UnsetEnv {'y' * 20_000}"
    ),
}

WORDS = {
    "a name may be quoted": one(
        "\"Timeout\" 5\n'KeepAlive'Off\n", "t.conf:1 Timeout 5", "t.conf:2 KeepAlive Off"
    ),
    "one bracket behind a name is dropped": one("Timeout> 5\n", "t.conf:1 Timeout 5"),
    "a known name is kept as its module writes it": one(
        "TIMEOUT 5\nunsetenv a\n", "t.conf:1 Timeout 5", "t.conf:2 UnsetEnv a"
    ),
    "the name of a section is kept as its module writes it": one(
        "<directory /tmp>\nunsetenv a\n</DIRECTORY>\n",
        "t.conf:1 <Directory /tmp>",
        "  t.conf:2 UnsetEnv a",
    ),
    "arguments are kept as they are written": one(
        "UnsetEnv  \"a  b\"   c\\\\d 'e\\'f' \"open  \n",
        "t.conf:1 UnsetEnv \"a  b\"   c\\\\d 'e\\'f' \"open",
    ),
    "quotes do not span lines": one(
        'UnsetEnv "a\nTimeout 5\n', 't.conf:1 UnsetEnv "a', "t.conf:2 Timeout 5"
    ),
    "a number sign is a comment only at the beginning": one(
        "KeepAlive Off # not now\n  # KeepAlive On\nUnsetEnv a #b\n",
        "t.conf:1 KeepAlive Off # not now",
        "t.conf:3 UnsetEnv a #b",
    ),
}

SECTIONS = {
    "sections nest": one(
        "<VirtualHost *:80>\nServerName a\n<Directory /tmp>\n<Files x>\nUnsetEnv b\n</Files>\n"
        "UnsetEnv c\n</Directory>\n</VirtualHost>\nTimeout 5\n",
        "t.conf:1 <VirtualHost *:80>",
        "  t.conf:2 ServerName a",
        "  t.conf:3 <Directory /tmp>",
        "    t.conf:4 <Files x>",
        "      t.conf:5 UnsetEnv b",
        "    t.conf:7 UnsetEnv c",
        "t.conf:10 Timeout 5",
    ),
    "an empty section is kept": one(
        "<Directory /tmp>\n</Directory>\nTimeout 5\n",
        "t.conf:1 <Directory /tmp>",
        "t.conf:3 Timeout 5",
    ),
    "text behind a tag is kept and ignored": one(
        "<VirtualHost *:80> # main\n</VirtualHost> # end\n", "t.conf:1 <VirtualHost *:80> # main"
    ),
    "a quote in a tag needs no end": one(
        '<Directory "/tmp>\nUnsetEnv a\n</Directory>\n',
        't.conf:1 <Directory "/tmp>',
        "  t.conf:2 UnsetEnv a",
    ),
    "a tag may be continued": one(
        "<Dir\\\nectory \\\n/tmp>\n</Direc\\\ntory>\n", "t.conf:3 <Directory /tmp>"
    ),
    "a section must be closed": one(
        "<Directory /tmp>\nTimeout 5\n", error="t.conf:1: <Directory> was not closed."
    ),
    "the inner of two open sections is named first": one(
        "<VirtualHost *>\n<Files x>\n", error="t.conf:2: <Files> was not closed."
    ),
    "a closing tag needs its section": one(
        "Timeout 5\n</Files>\n", error="t.conf:2: </Files> without matching <Files> section"
    ),
    "a closing tag must match": one(
        "<Files x>\n</Directory>\n", error="t.conf:2: Expected </Files> but saw </Directory>"
    ),
    "a closing tag must be complete": one(
        "<Files x>\n</Files >\n", error="t.conf:2: </Files> directive missing closing '>'"
    ),
    "a section may not reach into another file": Case(
        {MAIN: "Include a.inc\n</Files>\n", "a.inc": "<Files x>\n"},
        error="a.inc:1: <Files> was not closed.",
    ),
    "a section may not be closed in another file": Case(
        {MAIN: "<Files x>\nInclude a.inc\n", "a.inc": "</Files>\n"},
        error="a.inc:1: </Files> without matching <Files> section",
    ),
}

VARIABLES = {
    "a variable is replaced anywhere in the line": one(
        "Define X one\nUnsetEnv a${X}b '${X}' \\${X} $${X}\n",
        "t.conf:2 UnsetEnv aoneb 'one' \\one $one",
    ),
    "names of Define ignore case": one(
        "Define Foo bar\nUnsetEnv ${FOO} ${foo}\n", "t.conf:2 UnsetEnv bar bar"
    ),
    "the last Define counts": one(
        "Define X one\nUnsetEnv ${X}\ndefine x two\nUnsetEnv ${X}\n",
        "t.conf:2 UnsetEnv one",
        "t.conf:4 UnsetEnv two",
    ),
    "the environment is asked with case": one(
        "UnsetEnv ${SITE} ${site}\n", "t.conf:1 UnsetEnv shop ${site}", environment={"SITE": "shop"}
    ),
    "Define comes before the environment": one(
        "Define site mine\nUnsetEnv ${SITE}\n",
        "t.conf:2 UnsetEnv mine",
        environment={"SITE": "shop"},
    ),
    "an empty variable of the environment is a value": one(
        "UnsetEnv a${SITE}b\n", "t.conf:1 UnsetEnv ab", environment={"SITE": ""}
    ),
    "an unknown variable stays": one("UnsetEnv ${NOPE}\n", "t.conf:1 UnsetEnv ${NOPE}"),
    "Define without a value sets no variable": one(
        "Define X\nDefine Y ''\nUnsetEnv ${X} ${Y}\n", "t.conf:3 UnsetEnv ${X} ${Y}"
    ),
    "names do not nest": one(
        "Define B b\nDefine Ab x\nUnsetEnv ${A${B}}\n", "t.conf:3 UnsetEnv ${A${B}}"
    ),
    "values are not scanned again": one(
        "Define D $\nDefine X ${D}{Y}\nDefine Y z\nUnsetEnv ${X}\n", "t.conf:4 UnsetEnv ${Y}"
    ),
    "a variable may be cut by a continuation": one(
        "Define X one\nUnsetEnv ${\\\nX}\n", "t.conf:3 UnsetEnv one"
    ),
    "an open brace is text": one("UnsetEnv ${X ${\n", "t.conf:1 UnsetEnv ${X ${"),
    "a value may be a whole directive": one(
        'Define KA "KeepAlive Off"\n${KA}\n', "t.conf:2 KeepAlive Off"
    ),
    "a value may be the name of a section": one(
        "Define S VirtualHost\n<${S} *:80>\n</${S}>\n", "t.conf:2 <VirtualHost *:80>"
    ),
    "a value is no comment": one("Define C #\nUnsetEnv ${C} x\n", "t.conf:2 UnsetEnv # x"),
    "a value with spaces is several words": one(
        'Define N "a b"\nUnsetEnv ${N}\nUnsetEnv "${N}"\n',
        "t.conf:2 UnsetEnv a b",
        't.conf:3 UnsetEnv "a b"',
    ),
    "a RewriteMap is no variable": one(
        "UnsetEnv ${lc:%{HTTP_HOST}}\n", "t.conf:1 UnsetEnv ${lc:%{HTTP_HOST}}"
    ),
    "UnDefine forgets flag and value": one(
        "Define X one\nUnDefine x\nUnDefine X\n<IfDefine X>\nTimeout 5\n</IfDefine>\n"
        "UnsetEnv ${X}\n",
        "t.conf:7 UnsetEnv ${X}",
    ),
    "Define leaks out of sections": one(
        "UnsetEnv ${X}\n<VirtualHost *:80>\nDefine X one\n</VirtualHost>\nUnsetEnv ${X}\n",
        "t.conf:1 UnsetEnv ${X}",
        "t.conf:2 <VirtualHost *:80>",
        "t.conf:5 UnsetEnv one",
    ),
    "Define in a false <If> counts": one(
        '<If "false">\nDefine X one\n</If>\nUnsetEnv ${X}\n',
        't.conf:1 <If "false">',
        "t.conf:4 UnsetEnv one",
    ),
    "Define in a false block does not count": one(
        "<IfModule nope.c>\nDefine X one\n</IfModule>\nUnsetEnv ${X}\n", "t.conf:4 UnsetEnv ${X}"
    ),
    "Define leaks into the next file": Case(
        {
            MAIN: "Include v/*.conf\n",
            "v/a.conf": "Define PORT 90\n",
            "v/b.conf": "UnsetEnv ${PORT}\n",
        },
        ("v/b.conf:1 UnsetEnv 90",),
    ),
    "a value given with -D is only a name": one(
        "UnsetEnv ${A}\n<IfDefine A>\nTimeout 1\n</IfDefine>\n<IfDefine A=1>\nTimeout 2\n"
        "</IfDefine>\n",
        "t.conf:1 UnsetEnv ${A}",
        "t.conf:6 Timeout 2",
        defines=("A=1",),
    ),
    "a variable name may not hold a colon": one(
        "Define a:b c\n", error="t.conf:1: Variable name must not contain ':'"
    ),
    "Define takes two words at most": one(
        "Define a b c\n",
        error="t.conf:1: Define takes 1-2 arguments, Define a variable, optionally to a value.  "
        "Same as passing -D to the command line.",
    ),
    "UnDefine takes one word": one(
        "UnDefine a b\n",
        error="t.conf:1: UnDefine takes one argument, "
        "Undefine the existence of a variable. Undo a Define.",
    ),
}


def condition(test: str, holds: bool) -> Case:
    """A block with one line in it, kept or not."""
    name = test.split()[0]
    text = f"<{test}>\nTimeout 5\n</{name}>\nUnsetEnv a\n"
    inside = ("t.conf:2 Timeout 5",) if holds else ()
    return Case({MAIN: text, "there.conf": ""}, (*inside, "t.conf:4 UnsetEnv a"))


CONDITIONS = {
    **{
        f"<{test}> holds": condition(test, True)
        for test in (
            *("IfModule core.c", "IfModule http_core.c", "IfModule event.c", "IfModule env_module"),
            *("IfModule mpm_event_module", "IfModule mod_env.c", "IfModule !nope.c"),
            *(
                "IfModule ! nope.c",
                "IfModule 'core.c'",
                'IfModule "core.c" nope.c',
                "ifmodule core.c",
            ),
            *(
                "IfModule core.c > # text",
                "IfDefine !NOPE",
                'IfDefine !"NOPE"',
                "IfFile there.conf",
            ),
            *(
                "IfFile $ROOT/there.conf",
                "IfFile ./x/../there.conf",
                "IfFile $ROOT",
                "IfFile !nope",
            ),
            *("IfVersion >= 2.4", "IfVersion > 2.4", "IfVersion < 3", "IfVersion <= 2.5"),
            *("IfVersion !< 2.4", "IfVersion != 2.4", "IfVersion ~ ^2\\.4"),
            *("IfVersion = /^2\\.4/", "IfVersion == /^2/", "IfVersion !~ ^2\\.2", "IfVersion > 2"),
            *("IfDirective Timeout", "IfDirective TIMEOUT", "IfDirective UnsetEnv"),
            *("IfDirective !SSLEngine", "IfSection VirtualHost", "IfSection virtualhost"),
            *("IfSection !Proxy",),
        )
    },
    **{
        f"<{test}> does not hold": condition(test, False)
        for test in (
            *(
                "IfModule nope.c",
                "IfModule CORE.C",
                "IfModule !core.c",
                "IfModule env",
                "IfModule mod_env",
            ),
            *("IfModule mod_env.so", "IfModule mod_mpm_event.c", "IfModule mpm_event.c"),
            *("IfModule worker.c", "IfModule '!nope.c'", "IfModule nope.c core.c", "IfDefine NOPE"),
            *("IfDefine PATH", "IfFile nope.conf", "IfFile !there.conf", "IfVersion 2.4"),
            *("IfVersion = 2.4", "IfVersion < 2.4", "IfVersion >= 3", "IfVersion !>= 2.4"),
            *("IfVersion ~ 2\\.2", "IfVersion !~ ^2", "IfDirective SSLEngine", "IfSection Proxy"),
            *("IfDirective !Timeout", "IfDirective VirtualHost", "IfSection Timeout"),
        )
    },
    "-D satisfies <IfDefine>, with case": Case(
        {MAIN: "<IfDefine Foo>\nTimeout 1\n</IfDefine>\n<IfDefine foo>\nTimeout 2\n</IfDefine>\n"},
        ("t.conf:2 Timeout 1",),
        defines=("Foo",),
    ),
    "Define satisfies <IfDefine>, with case": one(
        "Define Foo bar\n<IfDefine Foo>\nTimeout 1\n</IfDefine>\n<IfDefine foo>\nTimeout 2\n"
        "</IfDefine>\n",
        "t.conf:3 Timeout 1",
    ),
    "the environment does not satisfy <IfDefine>": one(
        "<IfDefine SITE>\nTimeout 1\n</IfDefine>\n", environment={"SITE": "x"}
    ),
    "true blocks nest": one(
        "<IfModule core.c>\n<IfDefine !X>\nTimeout 5\n</IfDefine>\nUnsetEnv a\n</IfModule>\n"
        "UnsetEnv b\n",
        "t.conf:3 Timeout 5",
        "t.conf:5 UnsetEnv a",
        "t.conf:7 UnsetEnv b",
    ),
    "a false block hides true ones": one(
        "<IfModule nope.c>\n<IfModule core.c>\nTimeout 5\n</IfModule>\n</IfModule>\nUnsetEnv b\n",
        "t.conf:6 UnsetEnv b",
    ),
    "a true block is not a section": one(
        "<VirtualHost *:80>\n<IfModule core.c>\nServerName a\n</IfModule>\n</VirtualHost>\n",
        "t.conf:1 <VirtualHost *:80>",
        "  t.conf:3 ServerName a",
    ),
    "a variable may be the name of a condition's module": one(
        "Define M core.c\n<IfModule ${M}>\nTimeout 5\n</IfModule>\n", "t.conf:3 Timeout 5"
    ),
    "a true block may end with the file": one(
        "Timeout 5\n<IfModule core.c>\nUnsetEnv a\n", "t.conf:1 Timeout 5", "t.conf:3 UnsetEnv a"
    ),
    "an open section is forgotten at the end of a true block": one(
        "<IfModule core.c>\n<Directory /tmp>\nUnsetEnv a\n",
        "t.conf:2 <Directory /tmp>",
        "  t.conf:3 UnsetEnv a",
    ),
    "a true block that ends with its file ends there": Case(
        {MAIN: "Include a.inc\nTimeout 5\n", "a.inc": "<IfModule core.c>\nUnsetEnv a\n"},
        ("a.inc:2 UnsetEnv a", "t.conf:2 Timeout 5"),
    ),
    "a false block may not end with the file": one(
        "<IfModule nope.c>\nTimeout 5\n",
        error="t.conf:1: Expected </IfModule> before end of configuration",
    ),
    "a true block ends only at its exact tag": one(
        "<IfModule core.c>\nTimeout 5\n</IfModule> # end\n",
        error="t.conf:3: </IfModule> without matching <IfModule> section",
    ),
    "a true block ends in any case": one(
        "<IfModule core.c>\nTimeout 5\n  </IFMODULE>\nUnsetEnv a\n",
        "t.conf:2 Timeout 5",
        "t.conf:4 UnsetEnv a",
    ),
    "a false block ends at a tag with text behind it": one(
        "<IfModule nope.c>\nTimeout 5\n</IfModule> # end\nUnsetEnv a\n", "t.conf:4 UnsetEnv a"
    ),
    "tags in a false block must balance by name": one(
        "<IfModule nope.c>\n<Directory /x>\n</IfModule>\n</Directory>\n",
        error="t.conf:1: Expected </Directory> but saw </IfModule>",
    ),
    "a false block may hold anything that balances": one(
        "<IfModule nope.c>\nNope\nInclude nope\nLoadModule\n#</IfModule>\n<Odd>\n</odd>\n"
        "</IfModule>\nTimeout 5\n",
        "t.conf:9 Timeout 5",
    ),
    "a block on one line has no end": one(
        "<IfModule nope.c>Timeout 5</IfModule>\n",
        error="t.conf:1: Expected </IfModule> before end of configuration",
    ),
    "an operator needs its space": one(
        "<IfVersion >=2.4>\n</IfVersion>\n",
        error="t.conf:1: Version appears to be invalid. It must have the format "
        "major[.minor[.patch]] where major, minor and patch are numbers.",
    ),
    "an operator must be known": one(
        "<IfVersion ?? 2.4>\n</IfVersion>\n", error="t.conf:1: unrecognized operator '??'"
    ),
    "a condition needs its argument": one(
        "<IfModule>\n</IfModule>\n",
        error="t.conf:1: <IfModule> directive requires additional arguments",
    ),
    "a condition needs its bracket": one(
        "<IfDefine X\n</IfDefine>\n", error="t.conf:1: <IfDefine> directive missing closing '>'"
    ),
    "<If> is not a condition of the read phase": one(
        '<If "false">\nUnsetEnv a\n</If>\n', 't.conf:1 <If "false">', "  t.conf:2 UnsetEnv a"
    ),
}

_ORDER = ("10-a", "2-b", "A", "B", "_z", "a", "a-1", "a.b")


def files(names: tuple[str, ...], prefix: str = "d/", suffix: str = ".conf") -> dict[str, str]:
    """Files that each hold one line with their own name."""
    return {f"{prefix}{name}{suffix}": f"UnsetEnv {name}\n" for name in names}


INCLUDES = {
    "files come in byte order of their names": Case(
        {MAIN: "Include d/*.conf\n", **files(tuple(reversed(_ORDER)))},
        tuple(
            f"d/{name}.conf:1 UnsetEnv {name}"
            for name in ("10-a", "2-b", "A", "B", "_z", "a-1", "a.b", "a")
        ),
    ),
    "included text stands in the section of its Include": Case(
        {MAIN: "<VirtualHost *:80>\nInclude a.inc\n</VirtualHost>\n", "a.inc": "ServerName a\n"},
        ("t.conf:1 <VirtualHost *:80>", "  a.inc:1 ServerName a"),
    ),
    "reading goes on behind an Include": Case(
        {MAIN: "Timeout 1\nInclude a.inc\nTimeout 2\n", "a.inc": "UnsetEnv a\n"},
        ("t.conf:1 Timeout 1", "a.inc:1 UnsetEnv a", "t.conf:3 Timeout 2"),
    ),
    "a file included twice is read twice": Case(
        {MAIN: "Include a.inc\nInclude a.inc\n", "a.inc": "UnsetEnv a\n"},
        ("a.inc:1 UnsetEnv a", "a.inc:1 UnsetEnv a"),
    ),
    "paths are relative to ServerRoot, not to the file": Case(
        {
            MAIN: "Include sub/a.inc\n",
            "sub/a.inc": "Include b.inc\n",
            "b.inc": "UnsetEnv b\n",
            "sub/b.inc": "",
        },
        ("b.inc:1 UnsetEnv b",),
    ),
    "ServerRoot moves later paths": Case(
        {
            MAIN: "Include a.inc\nServerRoot $ROOT/sub\nInclude a.inc\n<IfFile only.inc>\n"
            "Timeout 1\n</IfFile>\n",
            "a.inc": "UnsetEnv a\n",
            "sub/a.inc": "UnsetEnv b\n",
            "sub/only.inc": "",
        },
        ("a.inc:1 UnsetEnv a", "sub/a.inc:1 UnsetEnv b", "t.conf:5 Timeout 1"),
    ),
    "a path may be quoted and come from a variable": Case(
        {MAIN: 'Define D "d e"\nInclude "${D}/a.inc"\n', "d e/a.inc": "UnsetEnv a\n"},
        ("d e/a.inc:1 UnsetEnv a",),
    ),
    "a directory stands for all files below it": Case(
        {
            MAIN: "Include d\n",
            **files(("b", "a~", ".hid", "sub/x", "sub/.y", "a"), suffix=""),
        },
        (
            *("d/.hid:1 UnsetEnv .hid", "d/a:1 UnsetEnv a", "d/a~:1 UnsetEnv a~"),
            *("d/b:1 UnsetEnv b", "d/sub/.y:1 UnsetEnv sub/.y", "d/sub/x:1 UnsetEnv sub/x"),
        ),
    ),
    "a star takes backups and directories but no hidden files": Case(
        {MAIN: "Include d/*\n", **files(("x.bak", ".hid", "sub/.y", "x~"), suffix="")},
        ("d/sub/.y:1 UnsetEnv sub/.y", "d/x.bak:1 UnsetEnv x.bak", "d/x~:1 UnsetEnv x~"),
    ),
    "a leading dot has to be written": Case(
        {MAIN: "Include d/.*\n", **files((".a", ".b", "c"), suffix="")},
        ("d/.a:1 UnsetEnv .a", "d/.b:1 UnsetEnv .b"),
    ),
    "a question mark is one character": Case(
        {MAIN: "Include d/?.conf\n", **files(("a", "ab"))}, ("d/a.conf:1 UnsetEnv a",)
    ),
    "brackets are a class": Case(
        {MAIN: "Include [d]/[a-c].conf\nInclude d/[!a-c].conf\n", **files(("a", "c", "e"))},
        ("d/a.conf:1 UnsetEnv a", "d/c.conf:1 UnsetEnv c", "d/e.conf:1 UnsetEnv e"),
    ),
    "wildcards work in every part of a path": Case(
        {MAIN: "Include d/*/*.conf\n", **files(("2/b", "1/a", "1/c", "x"))},
        ("d/1/a.conf:1 UnsetEnv 1/a", "d/1/c.conf:1 UnsetEnv 1/c", "d/2/b.conf:1 UnsetEnv 2/b"),
    ),
    "case matters in names": Case(
        {MAIN: "Include d/*.conf\n", "d/a.CONF": "UnsetEnv a\n", "d/b.conf": "UnsetEnv b\n"},
        ("d/b.conf:1 UnsetEnv b",),
    ),
    "braces are no wildcard": Case(
        {
            MAIN: "Include d/{a,b}.conf\n",
            "d/{a,b}.conf": "UnsetEnv a\n",
            "d/a.conf": "UnsetEnv b\n",
        },
        ("d/{a,b}.conf:1 UnsetEnv a",),
    ),
    "two stars are not recursive": Case(
        {MAIN: "Include d/**/*.conf\n", **files(("x/a", "x/y/b"))}, ("d/x/a.conf:1 UnsetEnv x/a",)
    ),
    "symbolic links to files are read": Case(
        {MAIN: "Include d/*.conf\n", "real/a": "UnsetEnv a\n"},
        ("d/l.conf:1 UnsetEnv a",),
        links={"d/l.conf": "../real/a"},
    ),
    "a linked directory is not entered in the middle of a path": Case(
        {MAIN: "Include d/*/*.conf\n", **files(("x/a",))},
        ("d/x/a.conf:1 UnsetEnv x/a",),
        links={"d/y": "x"},
    ),
    "a linked directory is entered at the end of a path": Case(
        {MAIN: "Include d/*\n", **files(("x/a",), prefix="e/", suffix="")},
        ("d/y/a:1 UnsetEnv x/a",),
        links={"d/y": "../e/x"},
    ),
    "a missing file is an error": one(
        "Timeout 5\nInclude nope.conf\n",
        error="t.conf:2: Could not open configuration file $ROOT/nope.conf: No such file or "
        "directory",
    ),
    "a wildcard without a match is an error": Case(
        {MAIN: "Include d/*.nope\n", **files(("a",))},
        error="t.conf:1: Include/IncludeOptional: No matches for the wildcard '*.nope' in "
        "'$ROOT/d', failing",
    ),
    "a wildcard in a missing directory is an error": one(
        "Include d/*.conf\n",
        error="t.conf:1: Include/IncludeOptional: Could not open directory $ROOT/d: No such "
        "file or directory",
    ),
    "a link to nowhere is an error": Case(
        {MAIN: "Include d/*.conf\n"},
        error="t.conf:1: Could not open configuration file $ROOT/d/l.conf: No such file or "
        "directory",
        links={"d/l.conf": "nowhere"},
    ),
    "a match that lacks the rest is an error": Case(
        {MAIN: "Include d/*/c.conf\n", **files(("x/c", "y/other"))},
        error="t.conf:1: Could not open configuration file $ROOT/d/y/c.conf: No such file or "
        "directory",
    ),
    "IncludeOptional allows all that": Case(
        {
            MAIN: "IncludeOptional nope.conf\nIncludeOptional d/*.nope\n"
            "IncludeOptional nope/*.conf\n"
            "IncludeOptional d/l.conf\nIncludeOptional d/*/c.conf\nTimeout 5\n",
            **files(("x/c", "y/other")),
        },
        ("d/x/c.conf:1 UnsetEnv x/c", "t.conf:6 Timeout 5"),
        links={"d/l.conf": "nowhere"},
    ),
    "IncludeOptional does not allow a file as a directory": Case(
        {MAIN: "IncludeOptional a.inc/*.conf\n", "a.inc": ""},
        error="t.conf:1: Include/IncludeOptional: Could not open directory $ROOT/a.inc: Not a "
        "directory",
    ),
    "an error inside an included file is one of that file": Case(
        {MAIN: "Timeout 5\nIncludeOptional a.inc\n", "a.inc": "UnsetEnv a\n</Files>\n"},
        error="a.inc:2: </Files> without matching <Files> section",
    ),
    "Include takes one path": one(
        "Include a b\n",
        error="t.conf:1: Include takes one argument, Name(s) of the config file(s) to be included; "
        "fails if the wildcard does not match at least one file",
    ),
    "IncludeOptional takes one path": one(
        "IncludeOptional a b\n",
        error="t.conf:1: IncludeOptional takes one argument, Name or pattern of the config "
        "file(s) to be "
        "included; ignored if the file does not exist or the pattern does not match any files",
    ),
    "a file that includes itself is stopped": one(
        "Timeout 5\nInclude t.conf\n",
        error="t.conf:2: Exceeded maximum include depth of 128, There appears to be a recursion.",
    ),
    "files that include each other are stopped": Case(
        {MAIN: "Include a.inc\n", "a.inc": "Include b.inc\n", "b.inc": "\nInclude a.inc\n"},
        error="b.inc:2: Exceeded maximum include depth of 128, There appears to be a recursion.",
    ),
    "a directory that holds itself is stopped": Case(
        {MAIN: "Include d\n"},
        error="t.conf:1: Could not open configuration file $ROOT/d"
        f"{'/again' * 41}: Too many levels of symbolic links",
        links={"d/again": "."},
    ),
    "127 nested files are read": Case(
        {
            MAIN: "Include n/1\n",
            **{f"n/{number}": f"Include n/{number + 1}\n" for number in range(1, 127)},
            "n/127": "Timeout 5\n",
        },
        ("n/127:1 Timeout 5",),
    ),
    "ServerRoot must be a directory": one(
        "ServerRoot $ROOT/t.conf\n", error="t.conf:1: ServerRoot must be a valid directory"
    ),
}

_USED = 'macro \'m\' (defined on line {} of "$ROOT/t.conf") used on line {} of "$ROOT/t.conf"'

MACROS = {
    "a macro is replaced by its text": one(
        "<Macro M $n $port>\nUnsetEnv $n ${n} x$port\nTimeout $port\n</Macro>\n"
        "use m shop 80\nKeepAlive On\n",
        f"{_USED.format(1, 5)}:1 UnsetEnv shop ${{n}} x80",
        f"{_USED.format(1, 5)}:2 Timeout 80",
        "t.conf:6 KeepAlive On",
    ),
    "a macro that is not used leaves nothing": one(
        "<Macro M>\nNope\n</Macro>\nTimeout 5\n", "t.conf:4 Timeout 5"
    ),
    "comments do not count in a macro": one(
        "<Macro M>\n# first\nUnsetEnv a \\\n  b\n\n#\nTimeout 5\n</Macro>\nUse M\n",
        f"{_USED.format(1, 9)}:1 UnsetEnv a   b",
        f"{_USED.format(1, 9)}:3 Timeout 5",
    ),
    "the longest parameter name is replaced first": one(
        "<Macro M $p $port>\nUnsetEnv $port $p $porter\n</Macro>\nUse M 8 80\n",
        f"{_USED.format(1, 4)}:1 UnsetEnv 80 8 80er",
    ),
    "a parameter is replaced inside words": one(
        "<Macro M p>\nUnsetEnv apb\n</Macro>\nUse M x\n", f"{_USED.format(1, 4)}:1 UnsetEnv axb"
    ),
    "an at sign asks for quotes": one(
        "<Macro M @p>\nUnsetEnv @p\n</Macro>\nUse M 'a \"b\" \\c'\n",
        f'{_USED.format(1, 4)}:1 UnsetEnv "a \\"b\\" \\\\c"',
    ),
    "variables are replaced when a macro is used": one(
        "Define X one\n<Macro M>\nUnsetEnv ${X}\n</Macro>\nDefine X two\nUse M\n",
        f"{_USED.format(2, 6)}:1 UnsetEnv two",
    ),
    "the last definition of a macro counts": one(
        "<Macro M>\nTimeout 1\n</Macro>\n<Macro m>\nTimeout 2\n</Macro>\nUse M\n",
        f"{_USED.format(4, 7)}:1 Timeout 2",
    ),
    "macros may be used in macros": one(
        "<Macro In $a>\nUnsetEnv $a\n</Macro>\n<Macro M $b>\nUse In $b\nTimeout 5\n"
        "</Macro>\nUse M x\n",
        "macro 'in' (defined on line 1 of \"$ROOT/t.conf\") used on line 1 of "
        f'"{_USED.format(4, 8)}":1 UnsetEnv x',
        f"{_USED.format(4, 8)}:2 Timeout 5",
    ),
    "macros may be defined in macros": one(
        "<Macro M $b>\n<Macro In>\nUnsetEnv $b\n</Macro>\n</Macro>\nUse M x\nUse In\n",
        f"macro 'in' (defined on line 1 of \"{_USED.format(1, 6)}\") used on line 7 of "
        '"$ROOT/t.conf":1 UnsetEnv x',
    ),
    "a section may be opened in one macro and closed in another": one(
        "<Macro M>\n<Files x>\n</Macro>\n<Macro End>\n</Files>\n</Macro>\nUse M\n"
        "UnsetEnv a\nUse End\n",
        f"{_USED.format(1, 7)}:1 <Files x>",
        "  t.conf:8 UnsetEnv a",
    ),
    "a macro may hold conditions and Includes": Case(
        {
            MAIN: "<Macro M $f>\n<IfModule core.c>\nInclude $f\n</IfModule>\nTimeout 5\n"
            "</Macro>\nUse M a.inc\n",
            "a.inc": "UnsetEnv a\n",
        },
        ("a.inc:1 UnsetEnv a", f"{_USED.format(1, 7)}:4 Timeout 5"),
    ),
    "a macro is defined in a file and used in another": Case(
        {MAIN: "Include a.inc\nUse M\n", "a.inc": "<Macro M>\nTimeout 5\n</Macro>\n"},
        (
            "macro 'm' (defined on line 1 of \"$ROOT/a.inc\") used on line 2 of "
            '"$ROOT/t.conf":1 Timeout 5',
        ),
    ),
    "the line behind a macro is lost without its line feed": one(
        "<Macro M>\nTimeout 5\n</Macro>\nUse M\nTimeout 6", f"{_USED.format(1, 4)}:1 Timeout 5"
    ),
    "the second line behind a macro needs no line feed": one(
        "<Macro M>\nTimeout 5\n</Macro>\nUse M\nKeepAlive On\nTimeout 6",
        f"{_USED.format(1, 4)}:1 Timeout 5",
        "t.conf:5 KeepAlive On",
        "t.conf:6 Timeout 6",
    ),
    "only the end of a continued line behind a macro is lost": one(
        "<Macro M>\n</Macro>\nUse M\nUnsetEnv a \\\nb", "t.conf:5 UnsetEnv a"
    ),
    "UndefMacro forgets a macro": one(
        "<Macro M>\n</Macro>\nUndefMacro m\nUse M\n", error="t.conf:4: macro 'm' undefined"
    ),
    "a macro must be defined before its use": one(
        "Use M\n<Macro M>\n</Macro>\n", error="t.conf:1: no macro defined before Use"
    ),
    "an undefined macro is an error": one(
        "<Macro M>\n</Macro>\nUse N\n", error="t.conf:3: macro 'n' undefined"
    ),
    "the number of values must fit": one(
        "<Macro M $a $b>\n</Macro>\nUse M x\n",
        error="t.conf:3: macro 'm' (defined on line 1 of \"$ROOT/t.conf\") used with 1 "
        "arguments instead of 2",
    ),
    "a macro may not use itself": one(
        "<Macro M>\nUse M\n</Macro>\nUse M\n",
        error=f"{_USED.format(1, 4)}:1: recursive use of macro 'm' is invalid",
    ),
    "a parameter may not come twice": one(
        "<Macro M $a $b $a>\n</Macro>\n",
        error="t.conf:1: argument name conflict in macro 'm' (defined on line 1 of "
        '"$ROOT/t.conf"): '
        "argument '$a': #1 and #3, change argument names!",
    ),
    "a parameter may not be empty": one(
        "<Macro M $a ''>\n</Macro>\n",
        error="t.conf:1: macro 'm' (defined on line 1 of \"$ROOT/t.conf\"): empty argument #2 name",
    ),
    "a macro needs a name": one(
        "<Macro>\n</Macro>\n", error="t.conf:1: <Macro macro definition: empty name"
    ),
    "a macro needs a name in its words": one(
        "<Macro ''>\n</Macro>\n", error="t.conf:1: <Macro macro definition: name not found"
    ),
    "a macro definition needs its bracket": one(
        "<Macro M\n</Macro>\n", error="t.conf:1: <Macro> directive missing closing '>'"
    ),
    "Use needs a name": one(
        "<Macro M>\n</Macro>\nUse\n", error="t.conf:3: no macro name specified with Use"
    ),
    "UndefMacro needs a macro": one(
        "UndefMacro M\n", error="t.conf:1: no macro defined before UndefMacro"
    ),
    "UndefMacro needs that macro": one(
        "<Macro M>\n</Macro>\nUndefMacro N\n",
        error="t.conf:3: cannot remove undefined macro 'n'",
    ),
    "a macro must end": one(
        "<Macro M>\nTimeout 5\n",
        error="t.conf:1: macro 'm' (defined on line 1 of \"$ROOT/t.conf\")\n\t"
        "contents error: expected token not found: </Macro>",
    ),
    "a line in a macro may not be long": one(
        f"<Macro M>\nUnsetEnv {'x' * 9000}\n</Macro>\n",
        error="t.conf:1: macro 'm' (defined on line 1 of \"$ROOT/t.conf\")\n\t"
        "contents error: expected token not found: </Macro>",
    ),
}

COMMAND_LINE = {
    "-C comes before the file and -c behind it": Case(
        {MAIN: "Timeout 2\n"},
        (f"command line:{FIRST} Timeout 1", "t.conf:1 Timeout 2", "command line:1 Timeout 3"),
        before=("Timeout 1",),
        after=("Timeout 3",),
    ),
    "-C may include and define": Case(
        {MAIN: "UnsetEnv ${X}\n", "a.inc": "UnsetEnv a\n"},
        ("a.inc:1 UnsetEnv a", "t.conf:1 UnsetEnv one"),
        before=("Include a.inc", "Define X one"),
    ),
    "-c sees what the file defines": Case(
        {MAIN: "Define X one\n"}, ("command line:1 UnsetEnv one",), after=("UnsetEnv ${X}",)
    ),
    "a macro of the command line does not swallow what follows": Case(
        {MAIN: "Timeout 2\n"},
        (
            f"macro 'm' (defined on line {FIRST} of \"command line\") used on line {FIRST + 3} of "
            '"command line":1 Timeout 1',
            f"command line:{FIRST + 4} KeepAlive On",
            "t.conf:1 Timeout 2",
        ),
        before=("<Macro M>", "Timeout 1", "</Macro>", "Use M", "KeepAlive On"),
    ),
    "a section of the command line must end there": Case(
        {MAIN: "</Files>\n"},
        error=f"command line:{FIRST}: <Files> was not closed.",
        before=("<Files x>",),
    ),
}

LOADING = {
    "LoadModule needs two words": one(
        "LoadModule x\n",
        error="t.conf:1: LoadModule takes two arguments, a module name and the name of a "
        "shared object "
        "file to load it from",
    ),
    "a module that is compiled in cannot be loaded": one(
        "LoadModule so_module mod_so.so\n",
        error="t.conf:1: module so_module is built-in and can't be loaded",
    ),
    "a module that is loaded is not loaded again": one(
        "LoadModule env_module nowhere.so\nUnsetEnv a\n", "t.conf:2 UnsetEnv a"
    ),
}

TABLES = {
    "lines": LINES,
    "words": WORDS,
    "sections": SECTIONS,
    "variables": VARIABLES,
    "conditions": CONDITIONS,
    "includes": INCLUDES,
    "macros": MACROS,
    "command line": COMMAND_LINE,
    "loading": LOADING,
}
