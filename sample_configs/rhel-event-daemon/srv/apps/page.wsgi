"""Mixed work, like a page of a web framework: queries, a template, some waiting."""

import os
import sqlite3
import string
import threading
import time

QUERY_WAIT_SECONDS = float(os.environ.get("PAGE_WAIT_SECONDS", "0.005"))
ROWS = 50

_ROW = string.Template("<li><a href='/item/$number'>$name</a> costs $price</li>")
_PAGE = string.Template("<!doctype html><title>$title</title><ul>$rows</ul>")
_local = threading.local()


def _database():
    """Return this thread's database; SQLite connections stay in their thread."""
    if not hasattr(_local, "database"):
        database = sqlite3.connect(":memory:")
        database.execute("create table item (number integer primary key, name text, price real)")
        database.executemany(
            "insert into item values (?, ?, ?)",
            [(number, f"item {number}", number * 1.25) for number in range(500)],
        )
        _local.database = database
    return _local.database


def application(environ, start_response):
    rows = _database().execute(
        "select number, name, price from item order by price desc limit ?", (ROWS,)
    ).fetchall()
    time.sleep(QUERY_WAIT_SECONDS)
    items = "".join(_ROW.substitute(number=n, name=name, price=price) for n, name, price in rows)
    body = _PAGE.substitute(title="Items", rows=items).encode()
    start_response(
        "200 OK", [("Content-Type", "text/html"), ("Content-Length", str(len(body)))]
    )
    return [body]
