"""Names of modules: what <IfModule> knows, and what people write instead."""

import pytest

from tuner.apache.modules import misnamed_module

LOADED = {"mpm_event_module": "event.c", "wsgi_module": "mod_wsgi.c", "ssl_module": "mod_ssl.c"}


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("mod_mpm_event.c", "mpm_event_module"),
        ("mpm_event", "mpm_event_module"),
        ("event", "mpm_event_module"),
        ("mod_wsgi", "wsgi_module"),
        ("wsgi", "wsgi_module"),
        ("mod_ssl.so", "ssl_module"),
    ],
)
def test_a_wrong_name_of_a_loaded_module_is_understood(word: str, meant: str) -> None:
    assert misnamed_module(word, LOADED) == (meant, LOADED[meant])


@pytest.mark.parametrize("word", ["event.c", "mpm_event_module", "mpm_prefork_module", "mod_php.c"])
def test_right_names_and_other_modules_mean_nothing_else(word: str) -> None:
    assert misnamed_module(word, LOADED) is None
