"""Sizes of one process: the best that may be read, and what it is made of."""

import os
import threading
from pathlib import Path

import pytest

from tuner.host.smaps import kinds_of, sizes_of, status_of

PID = 42
KB = 1024

ROLLUP = """\
5590-7ffd ---p 00000000 00:00 0                          [rollup]
Rss:               10000 kB
Pss:                6000 kB
Pss_Anon:           4000 kB
Shared_Clean:       4000 kB
Private_Clean:      1000 kB
Private_Dirty:      4500 kB
Private_Hugetlb:       0 kB
Swap:                300 kB
SwapPss:             300 kB
"""
STATUS = """\
Name:\tapache2
VmHWM:\t   12000 kB
VmRSS:\t   10000 kB
RssAnon:\t    5000 kB
RssFile:\t    4900 kB
RssShmem:\t     100 kB
VmPTE:\t      80 kB
VmSwap:\t     300 kB
"""
SMAPS = """\
555500000000-555500010000 r-xp 00000000 08:01 1                  /usr/sbin/apache2
Rss:                  64 kB
Private_Clean:        16 kB
Private_Dirty:         0 kB
Swap:                  0 kB
555500100000-555500200000 rw-p 00000000 00:00 0                  [heap]
Private_Clean:         0 kB
Private_Dirty:       900 kB
Swap:                100 kB
7f0004000000-7f0004021000 rw-p 00000000 00:00 0
Private_Clean:         0 kB
Private_Dirty:        12 kB
7f0004021000-7f0008000000 ---p 00000000 00:00 0
Private_Dirty:         0 kB
7f0008800000-7f0008801000 ---p 00000000 00:00 0
Private_Dirty:         0 kB
7f0008801000-7f0009001000 rw-p 00000000 00:00 0
Private_Dirty:        20 kB
7f0010001000-7f0010401000 rw-p 00000000 00:00 0                  [anon: python]
Private_Dirty:      4000 kB
7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0                  [stack]
Private_Dirty:        24 kB
"""


def proc(root: Path, **files: str) -> Path:
    (root / str(PID)).mkdir()
    for name, text in files.items():
        (root / str(PID) / name).write_text(text)
    return root


def test_the_kernels_sum_is_taken_where_it_may_be_read(tmp_path: Path) -> None:
    sizes = sizes_of(PID, proc(tmp_path, smaps_rollup=ROLLUP, status=STATUS))
    assert sizes == (5800 * KB, 6000 * KB, 10000 * KB, 300 * KB, "uss")


def test_an_old_kernel_without_the_sum_is_added_up(tmp_path: Path) -> None:
    text = ROLLUP + ROLLUP.replace("[rollup]", "")
    sizes = sizes_of(PID, proc(tmp_path, smaps=text, status=STATUS))
    assert (sizes.uss, sizes.pss, sizes.metric) == (11600 * KB, 12000 * KB, "uss")


def test_anonymous_memory_stands_in_for_uss(tmp_path: Path) -> None:
    sizes = sizes_of(PID, proc(tmp_path, status=STATUS))
    assert sizes == (5400 * KB, None, 10000 * KB, 300 * KB, "anonymous")


def test_rss_is_the_last_resort(tmp_path: Path) -> None:
    sizes = sizes_of(PID, proc(tmp_path, status="VmSwap:\t8 kB\n", statm="9 5 1 1 0 1 0\n"))
    assert sizes == (5 * 4096 + 8 * KB, None, 5 * 4096, 8 * KB, "rss")


def test_a_process_that_is_ending_has_no_size(tmp_path: Path) -> None:
    with pytest.raises(ProcessLookupError):
        sizes_of(PID, proc(tmp_path, smaps_rollup="", status="", statm="0 0 0 0 0 0 0\n"))
    with pytest.raises(FileNotFoundError):
        sizes_of(7, tmp_path)


def test_the_status_is_read_in_bytes(tmp_path: Path) -> None:
    status = status_of(PID, proc(tmp_path, status=STATUS))
    assert (status["VmHWM"], status["VmPTE"]) == (12000 * KB, 80 * KB)


def test_private_memory_is_told_apart_by_kind(tmp_path: Path) -> None:
    kinds = kinds_of(PID, proc(tmp_path, smaps=SMAPS))
    assert kinds is not None
    assert kinds.files_bytes == 16 * KB
    assert kinds.heap_bytes == 1000 * KB
    assert (kinds.arenas, kinds.arenas_bytes) == (1, 12 * KB)
    assert (kinds.stacks, kinds.stacks_bytes) == (2, 44 * KB)
    assert kinds.stacks_reserved_bytes == 8 * 2**20 + 132 * KB
    assert kinds.other_bytes == 4000 * KB
    assert kinds.size_bytes == 5072 * KB


def test_what_may_not_be_read_is_not_told_apart(tmp_path: Path) -> None:
    assert kinds_of(PID, tmp_path) is None


def test_kinds_of_a_real_process_add_up_to_its_uss() -> None:
    end = threading.Event()
    threads = [threading.Thread(target=end.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    try:
        before = sizes_of(os.getpid())
        kinds = kinds_of(os.getpid())
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert kinds is not None
    assert abs(kinds.size_bytes - before.uss) < 2 * 2**20
    assert kinds.stacks >= 6
    assert kinds.heap_bytes > 0
