"""Walls around a process: bubblewrap's empty root, and a filter of system calls.

`walled` puts a command where there is Python, `helpers`, and an empty folder in memory
that is its own and has a size; nothing else of the machine, and nothing of it to write.
No network, no other process to see. The filter (libseccomp) refuses what a notebook
needs for nothing: processes, sockets, memory that no limit counts, other namespaces. So
a submission is one process, and its limit on memory is the limit of all together.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
WORK, LIBRARY, HAND_IN = "/submission", "/library", "/handed-in"
MODELS, NOWHERE = "/models", "/dev/null/no-models"  # a place that nothing can make
DISK = 256 << 20  # bytes of the folder
FILES = 10_000
TASKS = 256  # threads and processes together
SPOT = str(ROOT / "scripts")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
SYSTEM = (
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache", "/proc/cpuinfo",
    "/sys/devices/system/cpu",
)  # fmt: skip
REFUSED = (
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree",
    "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "ptrace",
    "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "memfd_create",
    "memfd_secret", "shmget", "semget", "msgget", "mq_open", "socket",
    "io_uring_setup", "bpf", "perf_event_open", "userfaultfd", "add_key",
    "request_key", "keyctl", "name_to_handle_at", "open_by_handle_at", "personality",
    "fanotify_init",
)  # fmt: skip
NAMESPACES = (
    1 << 17,
    *(1 << bit for bit in range(25, 31)),
)  # clone's flags for new ones
THREAD = 1 << 16
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050001, 0x00050026  # EPERM, ENOSYS


class Compare(ctypes.Structure):
    """libseccomp's scmp_arg_cmp."""

    _fields_ = (
        ("arg", ctypes.c_uint), ("op", ctypes.c_int),
        ("mask", ctypes.c_uint64), ("value", ctypes.c_uint64),
    )  # fmt: skip


def write_filter(file: IO[bytes], *, fork: bool) -> None:
    """The filter for bubblewrap; with `fork` the process may have children.

    Raises OSError where there is no libseccomp.
    """
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(lib.seccomp_init(ctypes.c_uint32(ALLOW)))

    def refuse(name: str, *clone: int, action: int = REFUSE) -> None:
        number = lib.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # this machine knows the call
            rule = (Compare * 1)(Compare(0, 7, *clone)) if clone else None
            done = lib.seccomp_rule_add_array(
                context, ctypes.c_uint32(action), number, bool(clone), rule
            )
            if done != 0:
                raise OSError(-done, f"libseccomp takes no rule for {name}")

    for name in [*REFUSED, *([] if fork else ["fork", "vfork"])]:
        refuse(name)
    refuse("clone3", action=UNKNOWN)  # its flags cannot be seen: libc takes clone then
    if fork:
        for flag in NAMESPACES:
            refuse("clone", flag, flag)
    else:
        refuse("clone", THREAD, 0)
    if lib.seccomp_export_bpf(context, file.fileno()) != 0:
        raise OSError("libseccomp wrote no filter")
    lib.seccomp_release(context)
    file.seek(0)


def seen() -> list[str]:
    """All that a walled process sees of this machine, read-only, but for `helpers`."""
    tops = {sys.prefix, sys.base_prefix}
    parts = ("bin", "lib", "lib64", "pyvenv.cfg")
    more = [path for path in sys.path if path.endswith(("site-packages", "-packages"))]
    paths = [*SYSTEM, *(f"{top}/{part}" for top in tops for part in parts), *more]
    return [path for path in dict.fromkeys(paths) if os.path.exists(path)]


def real_model() -> Path | None:
    """The folder of the open model, where it is ready and submissions may read it."""
    from helpers.models import smollm2  # seconds

    path = smollm2.home() / smollm2.SMOLLM2.name
    if not smollm2.ready(path, smollm2.SMOLLM2):
        return None
    mode = os.stat(path / "model.safetensors").st_mode
    return path if mode & 0o004 or os.geteuid() != 0 else None


def check_unseen(paths: Sequence[Path]) -> None:
    """Raise ValueError for a path that walled processes could read."""
    for path in paths:
        for top in (*seen(), f"{ROOT}/helpers"):
            if path.resolve().is_relative_to(Path(top).resolve()):
                raise ValueError(f"submissions could read {path} in {top}: move it")


def walled(command: Sequence[str], rules: int, hand_in: int | None = None) -> list[str]:
    """`command` within walls; `rules` is an open file with the filter.

    `hand_in` is an open file that it finds at HAND_IN.
    """
    bound = {**{path: path for path in seen()}, f"{LIBRARY}/helpers": f"{ROOT}/helpers"}
    if real := real_model():
        bound[f"{MODELS}/{real.name}"] = str(real)
    parents = {str(up) for to in (*bound, *DEVICES) for up in Path(to).parents}
    walls = [*_folder(), "bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc"]
    walls += ["--unshare-uts", "--unshare-cgroup-try", "--die-with-parent"]
    walls += ["--new-session", "--cap-drop", "ALL"]
    if os.geteuid() == 0:  # until the process has become another user: `confine`
        walls += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    walls += ["--bind", SPOT, WORK]
    walls += ["--perms", "1777", "--dir", f"{WORK}/tmp"]
    for parent in sorted(parents - {"/"}):
        walls += ["--dir", parent]
    for to, path in bound.items():
        walls += ["--ro-bind", path, to]
    for device in DEVICES:
        walls += ["--dev-bind-try", device, device]
    if hand_in is not None:
        walls += ["--perms", "0444", "--ro-bind-data", str(hand_in), HAND_IN]
    walls += ["--remount-ro", "/", "--chdir", WORK, "--seccomp", str(rules)]
    return [*walls, *command]


def _folder() -> list[str]:
    """What mounts an empty folder of DISK bytes and FILES files for a command to bind.

    It lies over this module's folder, in a mount namespace that nobody else sees.
    """
    root = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    options = f"size={DISK},nr_inodes={FILES},mode=1777"
    script = f'mount -t tmpfs -o {options} none "$0" && exec "$@"'
    return ["unshare", "--mount", *root, "sh", "-c", script, SPOT]


def user(count: int) -> int | None:
    """A user of its own for a walled process that root starts; its threads count."""
    return 20_000 + (os.getpid() + 997 * count) % 40_000 if os.geteuid() == 0 else None


PROBE = """
import os
import helpers.grading.confine as room
room.confine(1 << 32, USER, 64)
open("written", "w").close()
try:
    os.fork()
except PermissionError:
    os._exit(0)
os._exit(1)
"""


@functools.cache
def no_walls() -> str:
    """Why this machine lets us build no walls; "" where they stand."""
    if not shutil.which("bwrap"):
        return (
            "bubblewrap is not installed (Debian, Ubuntu: apt-get install bubblewrap)"
        )
    try:
        with tempfile.TemporaryFile() as rules:
            write_filter(rules, fork=False)
            code = PROBE.replace("USER", str(user(0)))
            done = subprocess.run(
                walled([sys.executable, "-c", code], rules.fileno()),
                env={"PYTHONPATH": LIBRARY},
                pass_fds=[rules.fileno()],
                capture_output=True,
                umask=0o022,
            )
    except OSError as error:
        return f"no filter of system calls: {error}"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else said[-1] if said else "they do not hold"
