"""The entry of the load loop as a program."""

import json
import resource
import sys

from tuner.probe.loop.closed import ClosedLoop
from tuner.probe.loop.open import OpenLoop
from tuner.probe.loop.tally import say


def main() -> None:
    """Run the load that the first argument describes, as JSON."""
    spec = json.loads(sys.argv[1])
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    say((OpenLoop if spec["rate"] else ClosedLoop)(spec).run())


if __name__ == "__main__":
    main()
