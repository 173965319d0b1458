"""Who lives and who is dead among the processes of one installation."""

import subprocess
import sys
from pathlib import Path

from storage.workers import enter
from tests.test_kill import ROOT, environment

HOLD = """
import sys
from pathlib import Path
from storage.workers import enter

lock, dead = enter(Path(sys.argv[1]), sys.argv[2])
print(*dead, flush=True)
sys.stdin.readline()
"""


def process(data: Path, worker: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data), worker],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )


def test_a_killed_process_is_found_dead_and_a_living_one_is_left_alone(tmp_path: Path) -> None:
    with process(tmp_path, "killed") as killed, process(tmp_path, "living") as living:
        assert killed.stdout is not None and living.stdout is not None
        killed.stdout.readline()
        living.stdout.readline()
        killed.kill()
        killed.wait()

        lock, dead = enter(tmp_path, "new")
        again, none = enter(tmp_path, "newer")
        living.kill()

    assert dead == ["killed"]
    assert none == []
    lock.release()
    again.release()
