"""The traffic mix as it is written on the command line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import UsageError
from tuner.probe.mix import cookie_header, parse_header, parse_methods, parse_requests
from tuner.probe.plan import Request


def test_a_path_stands_alone_or_with_its_weight() -> None:
    first, second, third = parse_requests(["/a", "/b=3", "HEAD /c=0.5"])
    assert (first.method, first.path, first.weight) == ("GET", "/a", 1)
    assert (second.path, second.weight) == ("/b", 3)
    assert (third.method, third.path, third.weight) == ("HEAD", "/c", 0.5)


def test_a_value_in_the_query_is_no_weight_unless_it_is_a_number() -> None:
    first, second = parse_requests(["/b?x=y", "/b?x=5=2"])
    assert (first.path, first.weight) == ("/b?x=y", 1)
    assert (second.path, second.weight) == ("/b?x=5", 2)


def test_a_body_comes_from_a_file_and_brings_its_type(tmp_path: Path) -> None:
    (tmp_path / "item.json").write_bytes(b"{}\xff")
    text = f"post /items=2 @{tmp_path}/item.json"
    (one,) = parse_requests([text], parse_methods(["POST"]))
    assert one == Request(
        path="/items",
        weight=2,
        method="POST",
        body=b"{}\xff",
        headers=(("Content-Type", "application/json"),),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("POST /a", "POST is not sent unless allowed"),
        ("a", "a path begins with /"),
        ("http://x/", "a path begins with /"),
        ("/a b", "is not a method"),
        ("GET /a b", "a path begins with /"),
        ("/ä", "percent-encoded"),
        ("/a\r\nX: y", "is not a method"),
        ("GET /a\r\nX:y", "a path begins with /"),
        ("/a=0", "weight must be above 0"),
        ("", "a path begins with /"),
        ("/a @/no/such/file", "No such file"),
        ("/a @/etc/hostname", "GET request has no body"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match="--path") as error:
        parse_requests([text])
    assert said in str(error.value)


@given(st.text(max_size=40))
def test_whatever_is_written_becomes_one_request_line_or_an_error(text: str) -> None:
    try:
        (one,) = parse_requests([text])
    except UsageError:
        return
    line = f"{one.method} {one.path} HTTP/1.1"
    assert line.isascii()
    assert line.isprintable()
    assert len(line.split(" ")) == 3


def test_headers_are_split_at_the_first_colon() -> None:
    assert parse_header("X-Forwarded-Proto: https") == ("X-Forwarded-Proto", "https")
    assert parse_header("Authorization:Basic a:b") == ("Authorization", "Basic a:b")


@pytest.mark.parametrize(
    "text",
    ["nonsense", ": x", "A B: c", "X: a\r\nY: b", "Content-Length: 3", "user-agent: me"],
)
def test_headers_that_would_break_the_request_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--header"):
        parse_header(text)


def test_cookies_become_one_header() -> None:
    assert cookie_header(["a=1", "b=x=y"]) == (("Cookie", "a=1; b=x=y"),)
    assert cookie_header([]) == ()
    with pytest.raises(UsageError, match="--cookie") as error:
        cookie_header(["secret"])
    assert "secret" not in str(error.value)


def test_methods_are_added_to_the_safe_ones() -> None:
    assert parse_methods(["post, PUT", "DELETE"]) == {"GET", "HEAD", "POST", "PUT", "DELETE"}
    with pytest.raises(UsageError, match="CONNECT"):
        parse_methods(["CONNECT"])
