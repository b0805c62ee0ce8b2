"""Without keep-alive, where connections that are kept shut other clients out."""

from dataclasses import replace

from tuner.apache.effective.hosts import host_setting
from tuner.apache.read import read
from tuner.apache.tree import Configuration
from tuner.pipeline.optimise.alternatives.beside import Other, beside, failed
from tuner.pipeline.optimise.laboratory import Laboratory
from tuner.pipeline.optimise.race import Runner
from tuner.pipeline.optimise.result import Alternative
from tuner.pipeline.target import virtual_host_of

OFF = "KeepAlive Off"


def try_without_keep_alive(laboratory: Laboratory, winner: Runner) -> tuple[Alternative, ...]:
    """Measure the result without keep-alive where memory holds no worker for every client.

    Under prefork and worker a kept connection holds its worker (event.html, "Async
    connections"): some clients are served at full speed, the others wait until a
    connection ends.
    """
    front, request = winner.settings.front, laboratory.request
    if front.mpm == "event" or front.max_request_workers >= request.concurrency:
        return ()
    if not _keeps_alive(winner.tree, laboratory):
        return ()
    tree = read(replace(request.read, after=(*request.read.after, OFF)))
    if _keeps_alive(tree, laboratory):
        why = "the virtual host sets KeepAlive itself; write it there"
        return (failed(OFF, winner.settings, why, (OFF,)),)
    other = Other(OFF, "keepalive-off", laboratory, tree, winner.settings, (OFF,))
    return (beside(laboratory, winner, other),)


def _keeps_alive(tree: Configuration, laboratory: Laboratory) -> bool:
    canary = laboratory.bench.target.canary
    host = virtual_host_of(tree, canary.host, canary.port)
    return host_setting(tree, "KeepAlive", host).value.lower() == "on"
