"""From the views and the observation to the named facts that rules use."""

from collections import ChainMap
from collections.abc import Mapping

from tuner.apache.effective.mpm import MpmSettings
from tuner.apache.effective.values import (
    Location,
    location_of,
    names_of,
)
from tuner.apache.tree import Configuration
from tuner.apache.versions import server_version, wsgi_version
from tuner.pipeline.facts.application import all_application_facts
from tuner.pipeline.facts.connections import connection_facts
from tuner.pipeline.facts.content import Content
from tuner.pipeline.facts.directive import directive_subjects
from tuner.pipeline.facts.exposure import exposure_facts
from tuner.pipeline.facts.front import front_facts
from tuner.pipeline.facts.group import fitting_processes, group_facts, group_uses
from tuner.pipeline.facts.interpreter import interpreter_facts
from tuner.pipeline.facts.kernel import kernel_facts
from tuner.pipeline.facts.logs import log_facts
from tuner.pipeline.facts.memory import memory_facts
from tuner.pipeline.facts.mpm import mpm_facts
from tuner.pipeline.facts.occurrence import occurrence_subjects
from tuner.pipeline.facts.recommended import recommended_facts
from tuner.pipeline.facts.server import server_facts
from tuner.pipeline.facts.wsgi import wsgi_facts
from tuner.pipeline.observe import Observation
from tuner.pipeline.views import Views
from tuner.rules.facts import Facts, Subject
from tuner.rules.vocabulary import Scope


def build_facts(
    configuration: Configuration,
    views: Views,
    observation: Observation,
    *,
    is_httpd_known: bool = False,
) -> Facts:
    """Return every fact for every subject."""
    content = Content(configuration, observation.is_here and configuration.root is None)
    version = wsgi_version(configuration)
    server = {
        **mpm_facts(views.mpm, configuration),
        **server_facts(configuration),
        **wsgi_facts(configuration, views, version),
        **connection_facts(configuration, observation),
        **interpreter_facts(configuration, views),
        **memory_facts(views, observation),
        **recommended_facts(views, observation),
        **exposure_facts(configuration, views.applications),
        **content.facts(),
        **kernel_facts(configuration, views, observation),
        **log_facts(configuration, observation),
    }
    uses = group_uses(configuration, views)
    fitting = fitting_processes(views, observation)
    groups = tuple(
        Subject(
            f"daemon group {group.name}",
            {
                **server,
                **group_facts(group, views, observation, uses, fitting, configuration),
            },
            group.location,
            group.name,
        )
        for group in views.groups
    )
    applications = tuple(
        Subject(
            f"application {one.mount}",
            {**server, **facts, **front_facts(configuration, one)},
            one.location,
        )
        for one, facts in zip(
            views.applications,
            all_application_facts(configuration, views),
            strict=True,
        )
    )
    directives = tuple(
        one._replace(facts=ChainMap(dict(one.facts), server))
        for one in directive_subjects(configuration)
    )
    subjects: Mapping[Scope, tuple[Subject, ...]] = {
        "server": (Subject("server", server, None),),
        "group": groups,
        "application": applications,
        "directive": directives,
    }
    return Facts(
        subjects=subjects,
        directives=_directive_locations(configuration),
        current=_current(configuration, views.mpm),
        modules=frozenset(configuration.modules.values()),
        fallback=Location(file=configuration.main, line_first=1, line_last=1),
        versions={
            "httpd": server_version(configuration, is_httpd_known),
            "mod_wsgi": version,
        },
        occurrences=occurrence_subjects(configuration, content, server),
    )


_ANYWHERE = (
    "Alias",
    "CustomLog",
    "DocumentRoot",
    "ErrorLog",
    "Options",
    "ProxyPass",
    "RequestReadTimeout",
    "WSGIDaemonProcess",
    "WSGIScriptAlias",
)
"""Directives that mostly stand in sections: findings point at the first of them."""


def _directive_locations(configuration: Configuration) -> dict[str, Location]:
    found = {
        name.lower(): location_of(first[0])
        for name in _ANYWHERE
        if (first := configuration.named(name))
    }
    for directive in configuration.tree:
        if directive.section is None:
            location = location_of(directive)
            for name in names_of(directive.name):
                found[name.lower()] = location
    return found


def _current(configuration: Configuration, mpm: MpmSettings | None) -> dict[str, str]:
    found = {
        name.lower(): directive.words[0]
        for directive in configuration.tree
        if directive.section is None and len(directive.words) == 1
        for name in names_of(directive.name)
    }
    if mpm is not None:
        for setting in (
            mpm.server_limit,
            mpm.thread_limit,
            mpm.threads_per_child,
            mpm.start_servers,
            mpm.min_spare,
            mpm.max_spare,
        ):
            if setting is not None and setting.is_default:
                found[setting.name.lower()] = str(setting.effective)
    return found
