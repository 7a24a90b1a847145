"""Submissions that try to win without an answer: none does, and all are reported."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from scripts import sandbox
from scripts.masters import ROOT
from scripts.walls import DISK, FILES, TASKS
from tests.course.hostile import BOTH, RIGHT, double, half, master, run, walled

pytestmark = pytest.mark.course


@pytest.mark.parametrize("use_walls", BOTH)
def test_right_answers_win(use_walls: bool, tmp_path: Path) -> None:
    result = run(tmp_path, *RIGHT, use_walls=use_walls)
    assert result.total == 3
    assert result.reports == ([] if use_walls else ["not walled"])


READ = {  # got through if true; `key` holds every path below
    "a private file of the teacher's": "opened(key['private'])",
    "the table, with other rows and the seed": "opened(key['table'])",
    "another hand-in": "opened(key['other'])",
    "the master": "opened(key['master'])",
    "a second checkout's master": "opened(key['second'])",
    "the tests' wrong answers": "opened(key['wrong'])",
    "a master, from a folder that is open": """
os.open(key['master'][1:], os.O_RDONLY, dir_fd=os.open('/', os.O_RDONLY)) > 0""",
    "a master, below Python": """
__import__('torch').from_file(key['master'], size=9, dtype=torch.uint8).sum() > 0""",
    "a master, through a link of its own": """
libc.symlink(key['master'].encode(), b'mine') == 0 and opened('mine')""",
    "the environment of the grader": """
'GRADER_SECRET' in os.environ or opened('/proc/1/environ')""",
}
DO = {
    "write beside the hand-ins": "made(key['private'] + '.new')",
    "write where all may": "made('/dev/shm/x') or made('/var/tmp/x') or made('/x')",
    "write a database elsewhere": """
__import__('sqlite3').connect(key['private'] + '.db').execute('create table x (y)')""",
    "change the package": "opened(helpers.__file__, os.O_RDWR)",
    "change the open model": "opened('/models/smollm2/config.json', os.O_RDWR)",
    "change Python": """
opened(os.__file__, os.O_RDWR) or opened(sys.executable, os.O_RDWR)""",
    "change what was handed in": "opened('/handed-in', os.O_RDWR)",
    "open a device": """
any(map(opened, ['/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/tty']))""",
    "see processes": "os.path.exists('/proc/self') or os.path.exists('/proc/1')",
    "fork": "forked()",
    "have a child by another call": "libc.system(b'true') == 0",
    "fork in namespaces of its own": "libc.unshare(0x10000000 | 0x20000) == 0",
    "mount": "libc.mount(b'none', b'/submission', b'tmpfs', 0, None) == 0",
    "unmount": "libc.umount2(b'/submission', 2) == 0",
    "change the root": "libc.chroot(b'/submission') == 0",
    "become root": "libc.setuid(0) == 0 and os.getuid() == 0 and opened('/root')",
    "memory of no limit, by name": "libc.memfd_create(b'x', 0) >= 0",
    "memory of no limit, shared": "libc.shmget(0, 1 << 20, 0o1600) >= 0",
    "a socket": "any(libc.socket(family, 1, 0) >= 0 for family in (1, 2, 10, 16))",
    "a socket of virtual machines": "libc.socket(40, 1, 0) >= 0",
    "a ring of calls that no filter sees": "libc.syscall(425, 8, b'0' * 120) >= 0",
    "trace the first process": "libc.ptrace(16, 1, 0, 0) == 0",
    "end the first process": "libc.kill(1, 9) == 0 and os.getppid() == 0",
    "raise its own limits": """
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2) is None""",
    "pipes that are not its own": "len(pipes) > 5",
}
ATTACK = """
import ctypes, os, resource, sys, helpers
libc = ctypes.CDLL(None, use_errno=True)
def opened(path, flags=os.O_RDONLY):
    return libc.open(path.encode(), flags, 0o600) >= 0
def made(path):
    return opened(path, os.O_RDWR | os.O_CREAT)
def forked():
    child = libc.fork()
    return os._exit(0) if child == 0 else child > 0
def is_open(number):
    return libc.fcntl(number, 1) >= 0
pipes = [number for number in range(256) if is_open(number)]
key, through, own = {key!r}, [], made("own")
for name, code in {attacks!r}.items():
    try:
        got = eval(code.strip(), globals())
    except BaseException:
        got = False
    if got:
        through.append(name)
"""


def what_got_through(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    grading.expect(learner.value("own"), "its own folder is its own")
    found = learner.value("through")
    grading.expect(not found, f"through: {found}")


@pytest.fixture
def key(tmp_path: Path, monkeypatch: Any) -> dict[str, str]:
    """What an attack looks for; all of it is there, and can be read from here."""
    monkeypatch.setenv("GRADER_SECRET", "the key")
    master = ROOT / "book/assignments/A1.ipynb"
    second = tmp_path / "checkout/book/assignments/A1.ipynb"
    second.parent.mkdir(parents=True)
    shutil.copy(master, second)
    found = {"second": second, "master": master}
    found["wrong"] = ROOT / "tests/course/wrong_A1.py"
    for name in ("private", "table", "other"):
        found[name] = tmp_path / f"{name}.txt"
        found[name].write_text("the key")
    assert all(os.access(path, os.R_OK) for path in found.values())
    return {name: str(path) for name, path in found.items()}


@walled
def test_nothing_gets_through_the_walls(key: dict[str, str], tmp_path: Path) -> None:
    """Below Python, where nothing is watched: the system has to refuse all of it."""
    attack = ATTACK.format(key=key, attacks=READ | DO)
    result = run(tmp_path, attack, of=master((what_got_through, 1)))
    assert result.total == 1, result.notes + result.reports


def test_without_walls_the_attacks_are_real(
    key: dict[str, str], tmp_path: Path
) -> None:
    attack = ATTACK.format(key=key, attacks=READ)
    result = run(tmp_path, attack, of=master((what_got_through, 1)), use_walls=False)
    assert result.total == 0
    assert result.reports[0] == "not walled"
    told = " ".join(result.notes)
    for name in (
        "a private file",
        "the master",
        "a second checkout",
        "another hand-in",
    ):
        assert name in told


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "syscall"), reason="not Linux")
@pytest.mark.parametrize("use_walls", BOTH)
def test_one_that_reads_the_graders_files_is_held(
    use_walls: bool, tmp_path: Path
) -> None:
    """Also where the path lies about itself; and what it runs or connects is told."""
    (tmp_path / "key.txt").write_text("the key")
    lies = """
class Path(str):
    def startswith(self, *_): return False
    def split(self, *_): return []
    def encode(self, *_): return b"mine.txt"
    def __fspath__(self): return str(self)
"""
    looks = [lies, f"open(Path({str(tmp_path / 'key.txt')!r})).read()"]
    looks += [f"open({str(ROOT / 'book/assignments/A1.ipynb')!r})"]
    looks += [f"open({str(ROOT / 'helpers/new.py')!r}, 'w')", "open('/x', 'w')"]
    looks += ["import os; os.system('true')"]
    looks += ["import socket; socket.create_connection(('127.0.0.1', 9), 1)"]
    result = run(tmp_path, *looks, *RIGHT, hidden=(tmp_path,), use_walls=use_walls)
    assert result.held
    assert result.total == 0
    assert sum(result.points.values()) == 3
    told = " ".join(result.reports)
    for word in ("key.txt", "A1.ipynb", "tried writing", "tried program", "network"):
        assert word in told
    assert not (ROOT / "helpers/new.py").exists()


TAKES = """
import ctypes, os, sys, threading
for _ in range(200):
    sys.stdout.write("x" * (1 << 20))
    sys.stderr.write("x" * (1 << 20))
print("\\x1b]0;x\\x07", flush=True)
held, pieces = [], 0
try:
    while pieces < 64:
        held.append(bytearray(1 << 29))
        pieces += 1
except MemoryError:
    pass
del held
alive, stop = [], threading.Event()
try:
    for _ in range(2000):
        alive.append(threading.Thread(target=stop.wait, daemon=True))
        alive[-1].start()
except RuntimeError:
    alive.pop()
threads = len(alive)
stop.set()
written, number = 0, 0
try:
    for number in range(40):
        with open(f"part {number}", "wb", buffering=0) as file:
            for _ in range(60):
                written += file.write(bytes(1 << 20))
except OSError:
    pass
os.mkdir("empty")
made = 0
try:
    for made in range(20_000):
        os.close(os.open(f"empty/{made}", os.O_CREAT))
except OSError:
    pass
files = []
try:
    while len(files) < 5000:
        files.append(os.pipe())
except OSError:
    pass
pipes = len(files)
for pair in files:
    os.close(pair[0]), os.close(pair[1])
"""


def what_was_taken(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    most = {"pieces": 6, "threads": 300, "written": 256 << 20, "pipes": 128}
    most["made"] = 10_000
    for name, limit in most.items():
        found = grading.number(learner.value(name))
        grading.expect(0 < found <= limit, f"{name}: {found:g}")


@walled
def test_what_one_takes_has_an_end_and_right_answers_still_win(tmp_path: Path) -> None:
    assert (DISK, FILES, TASKS) == (256 << 20, 10_000, 256)
    of = master((what_was_taken, 1), (double, 1), (half, 1))
    result = run(tmp_path, TAKES, *RIGHT, of=of, memory=3 << 30, run_seconds=200)
    assert result.total == 3, result.notes + result.reports
    assert not result.reports


def slow(env: Any) -> None:
    import re

    from helpers import grading

    learner, _ = grading.begin(env)
    re.match(r"(a+)+$", grading.text(learner.value("text")))


def large(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    for sentence in grading.names(learner.value("BANK")):
        sentence.format(S="Ana")


def many(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    for _ in range(1000):
        learner.call("sleeps")


SLOW = """
import time
text = "a" * 60 + "!"
BANK = ["{S:>9000000000} sat down"]
def sleeps(): time.sleep(1)
"""


def test_what_an_answer_does_to_a_test_ends_with_that_test(tmp_path: Path) -> None:
    """A test's process has a clock and a limit on memory, whatever the answer is."""
    of = master((slow, 1), (large, 1), (double, 1), (many, 1))
    result = run(tmp_path, SLOW, *RIGHT, of=of, question_seconds=4)
    assert result.points == {"q1": 0, "q2": 0, "q3": 1, "q4": 0}
    told = [one for one in result.reports if one != "not walled"]
    assert [one[:2] for one in told] == ["q1", "q4"]
    assert all("over its limit" in one for one in told)
    assert "large: MemoryError" in " ".join(result.notes)


def test_a_clock_stands_over_the_whole_submission(tmp_path: Path) -> None:
    start = time.monotonic()
    of = master((many, 1), (double, 1))
    result = run(tmp_path, SLOW, *RIGHT, of=of, whole_seconds=8, restarts=9)
    assert time.monotonic() - start < 60
    assert result.points["q1"] == 0
    assert "limit" in " ".join(result.reports)


ITEMS = '{"$": "dict", "items": [[%s]]}'
ARRAY = '"value", {"$": "array", "data": "%s", "dtype": "%s", "shape": %s}'
ARRAYS = [
    ("", "O", "[0]"), ("", "f8", "[0, 1e999]"), ("", "f8", f"[0, {10**30}]"),
    ("AAAA", "(9999999,)f8", "[1]"), ("AAAA", "f8", "[-1]"),
    ("AAAA", "f8", f"[{10**9}]"), ("AAAAAAAA8H8=", "f8", "[1]"),
]  # fmt: skip
PARTS = [
    '"value", {"$": "ref", "name": "MASTER"}',
    '"value", Infinity',
    '"error", "\\u001b[2J<script>=1+1\\n\\ud800"',
    '"value", {"$": "table", "columns": [[1, [1]], [2, [1, 2]]]}',
    f'"value", [{"[]," * 3_000_000}[]]',
    *[ARRAY % one for one in ARRAYS],
]
RAW = ["[" * 1_000_000, "9" * 100_000, "NaN", '"x', "{}", '{"$": "dict"}', ""]
RAW += [ITEMS % part for part in PARTS]
FORGES = """
from helpers.grading import hidden_tests
RAW, place = {raw!r}, 0
def encode(told, **_):
    return told.get("value") or "0"
hidden_tests.encoding.encode = encode
def forged():
    global place
    place += 1
    return RAW[place - 1]
"""


def forgeries(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    for place in range(19):
        try:
            grading.number(learner.call("forged"))
        except grading.Wrong:
            continue
        raise LookupError(f"taken: {place}")
    raise grading.Wrong("all were refused")


def endless(env: Any) -> None:
    from helpers import grading

    learner, _ = grading.begin(env)
    learner.call("endless")


def test_answers_that_no_encoder_writes_are_refused(tmp_path: Path) -> None:
    """One that is no plain data, or never ends, too; what comes after is asked."""
    of = master((forgeries, 1), (endless, 1), (double, 1))
    assert len(RAW) == 19
    more = "def endless():\n    return 'x' * (20 << 20)"
    same = (
        "class Same(float):\n    __eq__ = lambda *_: True\ndouble = lambda x: Same(1)"
    )
    result = run(tmp_path, FORGES.format(raw=RAW), more, same, of=of)
    assert result.total == 0
    assert "all were refused" in " ".join(result.notes)
    assert "q2: gave an answer without end" in result.reports


def test_an_object_equal_to_everything_wins_nothing(tmp_path: Path) -> None:
    same = """
class Same(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __abs__(self): return 0.0
    __hash__ = None
class Any:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
    def __reduce__(self): return print, ("run",)
    def __array__(self, *_): raise SystemExit
    def __del__(self): open("/x", "w")
double = lambda x: Any()
half = lambda x: Same(7)
"""
    result = run(tmp_path, same)
    assert result.total == 0
    assert "no plain data" in " ".join(result.notes)


def test_one_that_patches_its_own_grader_patches_only_that(tmp_path: Path) -> None:
    patches = """
from helpers import grading
import numpy
grading.expect = grading.close = numpy.allclose = lambda *_, **__: True
grading.begin = lambda env: None
numpy.abs = lambda x: 0
double = half = lambda x: x
"""
    assert run(tmp_path, patches).total == 0


WRITES = """
import atexit, gc, json, os, signal, threading
{own}
def everywhere(line):
    for fd in range(3, 64):
        try:
            os.write(fd, line)
        except OSError:
            pass
value = json.dumps({{"value": 0.0}})
lines = [json.dumps({{"id": n, "reply": value}}).encode() for n in range(9)]
lines = b"\\n".join(lines) + b"\\n"
atexit.register(everywhere, lines)
signal.signal(signal.SIGTERM, lambda *_: everywhere(lines))
"""
PIPE = """
pipe = next(one for one in gc.get_objects() if type(one).__name__ == "Pipe")
pipe.send(report=["x", "\\x1b[31mred\\x1b]0;t\\x07\\n<img onerror=1>\\n=1+1\\ud800"])
pipe.send(report=["files" * 99, 9])
pipe.send(report={"x": 1})
pipe.send(report=["x" * 10_000_000, []])
"""


def test_one_that_writes_into_the_graders_line_wins_nothing(tmp_path: Path) -> None:
    forges = WRITES.format(own=PIPE)
    assert run(tmp_path, forges + "\neverywhere(lines)").total == 0
    thread = """
again = lambda: [everywhere(lines) for _ in range(999)]
threading.Thread(target=again).start()
"""
    result = run(tmp_path, forges + thread, restarts=0)
    assert result.total == 0
    assert len(" ".join(result.reports)) < 5000


def test_a_drip_is_no_answer(tmp_path: Path) -> None:
    """A byte now and then does not move the clock."""
    drips = """
import os, time
def double(x):
    while True:
        for fd in range(3, 64):
            try:
                os.write(fd, b" ")
            except OSError:
                pass
        time.sleep(0.2)
"""
    result = run(tmp_path, drips, RIGHT[1], answer_seconds=3)
    assert result.points == {"q1": 0, "q2": 1}
    assert "q1: answered for 3 s and was stopped" in " ".join(result.reports)


@pytest.mark.parametrize("use_walls", BOTH)
def test_one_that_never_ends_is_stopped(use_walls: bool, tmp_path: Path) -> None:
    flees = "import os, signal\nsignal.signal(15, signal.SIG_IGN)\nos.setsid()"
    result = run(
        tmp_path, flees, "while True: pass", *RIGHT, run_seconds=2, use_walls=use_walls
    )
    assert result.total == 0
    assert "the notebook: ran for 2 s and was stopped" in result.reports[-1]
    assert not running("helpers.grading.inside"), "nothing of it lives on"


def running(word: str) -> list[str]:
    """The children of this process, to any depth, whose command has a word in it."""
    import psutil

    found = psutil.Process().children(recursive=True)
    lines = [" ".join(one.cmdline()) for one in found if one.status() != "zombie"]
    return [line for line in lines if word in line]


LEAVES = {
    "quietly": "import os; os._exit(0)",
    "as IPython does": "exit()",
    "by a signal": "import ctypes, os; ctypes.CDLL(None).kill(os.getpid(), 9)",
    "by a crash": "import ctypes; ctypes.string_at(0)",
    "as another program": """
import ctypes, sys
words = [sys.executable.encode(), b"python", b"-c", b"print(7)", None]
ctypes.CDLL(None).execl(*words)""",
}


@pytest.mark.parametrize("leave", LEAVES.values(), ids=LEAVES)
def test_one_that_ends_itself_wins_nothing(leave: str, tmp_path: Path) -> None:
    result = run(tmp_path, leave, *RIGHT)
    assert result.total == 0
    assert "ended itself" in result.reports[-1]


def test_tests_that_have_ended_start_again(tmp_path: Path) -> None:
    assert run(tmp_path, *RIGHT).total == 3
    sandbox.examiner(run(tmp_path, *RIGHT).reports == []).process.process.kill()
    assert run(tmp_path, *RIGHT).total == 3
