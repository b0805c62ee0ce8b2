"""The page of mod_status."""

from tuner.apache.mod_status import Scoreboard, parse_status

HEAD = "<h1>Apache Server Status for localhost (via 127.0.0.1)</h1>\n"
TABLE = '<table border="0"><tr><th>Srv</th><th>PID</th><th>Acc</th><th>M</th></tr>\n'
ROWS = """
<tr><td><b>0-0</b></td><td>1415</td><td>0/13/13</td><td>_
</td><td>0.09</td><td>0</td></tr>
<tr><td><b>0-0</b></td><td>1415</td><td>1/4/90</td><td><b>K</b>
</td><td>0.09</td><td>0</td></tr>
<tr><td><b>1-0</b></td><td>1416</td><td>0/10/10</td><td><b>W</b>
</td><td>0.10</td></tr>
<tr><td><b>2-0</b></td><td>-</td><td>0/0/7</td><td>.
</td><td>0.05</td></tr>
"""


def test_requests_count_for_the_life_of_the_process() -> None:
    found = parse_status(HEAD + TABLE + ROWS)
    assert found == Scoreboard(requests={1415: 17, 1416: 10}, busy={1415: 1, 1416: 1})


def test_a_quiet_server_has_an_empty_table() -> None:
    assert parse_status(HEAD + TABLE) == Scoreboard({}, {})


def test_what_is_no_full_status_page_is_not_taken_for_one() -> None:
    assert parse_status(HEAD + "<pre>___W</pre>") is None
    assert parse_status("<h1>It works!</h1>") is None
    assert parse_status("") is None
