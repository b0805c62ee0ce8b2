"""Text inside Markdown: read back by a Markdown parser, it is what it was."""

import re
from html import unescape

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tuner.report.markdown import code, fenced, in_html, plain, table
from tuner.report.style import printable

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PROPERTY = settings(deadline=None, max_examples=200, derandomize=True)
TEXTS = st.one_of(
    st.text(),
    st.text("\\`*_[]<>|&~$#+-=1.()! \n\t:@/a", max_size=12),
    st.from_regex(r"[-+*#=`~|<&\\]{0,4} ?[a-z]{0,3}[-+*#=`~|<>&;\\]{0,4}", fullmatch=True),
)


def as_line(text: str) -> str:
    return " ".join(printable(text).split())


def shown(html: str) -> str:
    """What a browser shows of HTML, the joiner behind @ taken out."""
    return unescape(re.sub(r"<[^>]*>", "", html)).replace("\u2060", "").strip()


@PROPERTY
@given(TEXTS)
@example("1. one")
@example("- one")
@example("---")
@example("a\\|b")
@example("<script>")
@example("&lt;")
@example("[a](http://x)")
def test_plain_text_is_shown_as_it_is(text: str) -> None:
    html = PARSER.render(plain(text))
    assert shown(html) == as_line(text)
    assert set(re.findall(r"</?(\w+)", html)) <= {"p"}


@PROPERTY
@given(TEXTS, TEXTS)
def test_cells_keep_to_their_table(first: str, second: str) -> None:
    html = PARSER.render(table(("a", "b"), [(plain(first), code(second))]))
    cells = re.findall(r"<td>(.*?)</td>", html, re.DOTALL)
    assert [shown(one) for one in cells] == [as_line(first), as_line(second)]
    assert html.count("<tr>") == 2


@PROPERTY
@given(TEXTS)
@example("`")
@example("a``b|")
@example("\\")
def test_code_is_shown_as_it_is(text: str) -> None:
    html = PARSER.render(f"at {code(text)}")
    assert shown(html) == f"at {as_line(text)}".strip()
    assert set(re.findall(r"</?(\w+)", html)) <= {"p", "code"}


@PROPERTY
@given(TEXTS)
def test_html_is_shown_as_it_is(text: str) -> None:
    html = PARSER.render(f"<details>\n<summary>x{in_html(text)}</summary>\n</details>\n")
    assert shown(html) == f"x{as_line(text)}".strip()
    assert set(re.findall(r"</?(\w+)", html)) == {"details", "summary"}


@PROPERTY
@given(st.text("`~ab\n", min_size=1))
def test_a_block_of_code_holds_everything(text: str) -> None:
    html = PARSER.render(fenced(text))
    assert html.count("<pre>") == 1
    assert unescape(re.sub(r"<[^>]*>", "", html)).rstrip() == text.rstrip()


@PROPERTY
@given(TEXTS, st.from_regex(r"@[a-z][a-z0-9-]{0,9}", fullmatch=True))
def test_nobody_is_notified(text: str, name: str) -> None:
    for written in (plain(text + name), in_html(text + name)):
        assert not re.search(r"@[a-zA-Z0-9]", written)
