"""The load engines side by side on one real Apache, interleaved.

    python benchmarks/engines/run.py [--quick]

Six cells: 10, 100 and 500 clients, with and without keep-alive, on a small static
file. Client and server have a core each where the machine has two. In every round
each engine runs once in each cell, in an order that changes from round to round;
ratios are to wrk of the same round and cell. Writes ``engines.json`` and
``engines.md`` to ``benchmarks/results``.
"""

import argparse
import json
import os
import platform
import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent / "src"), str(HERE.parent.parent)]

from benchmarks.engines.apache import BODY, FILE, apache  # noqa: E402
from tuner.errors import TunerError  # noqa: E402
from tuner.probe.engines import engine  # noqa: E402
from tuner.probe.guard import no_guard  # noqa: E402
from tuner.probe.plan import Expected, ProbePlan, Request  # noqa: E402
from tuner.probe.result import ProbeResult  # noqa: E402
from tuner.search.statistics import interval_of_ratio  # noqa: E402
