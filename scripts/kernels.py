"""Kernels that start with the libraries imported: forked from one process.

Every page imports the same libraries, for six seconds of a core. `with kernels():` has
them imported once, and notebooks that are executed meanwhile get a copy of that process
as their kernel, with the folder, environment and output of whoever asked. It knows
nothing of `helpers`. Where nothing can be forked, kernels are those of any Jupyter.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

# The kernel first: tqdm looks whether one is there. What looks for a notebook that
# shows it, as pandas does, is left out: sklearn, altair, ipywidgets.
LIBRARIES = [
    "ipykernel.kernelapp",
    "nnsight",
    "scipy.stats",
    "transformers.generation",
    "transformers.models.auto.modeling_auto",
    "transformers.models.auto.tokenization_auto",
    "transformers.models.llama.modeling_llama",
]
LONGEST = 1 << 20  # bytes of a message: folder, environment, arguments
Socket = partial(socket.socket, socket.AF_UNIX, socket.SOCK_SEQPACKET)


@contextmanager
def kernels() -> Iterator[None]:
    """Meanwhile, whoever asks Jupyter for its Python kernel gets a forked one."""
    if not sys.platform.startswith("linux"):
        yield
        return
    with tempfile.TemporaryDirectory() as folder, Socket() as listener:
        address = f"{folder}/socket"
        listener.bind(address)
        listener.listen()
        ask = [sys.executable, "-I", "-S", __file__, "ask", address]
        about = {"argv": [*ask, "-f", "{connection_file}"], "language": "python"}
        spec = Path(folder, "kernels/python3/kernel.json")
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps(about | {"display_name": "Python 3"}), "utf-8")
        number = listener.fileno()
        server = subprocess.Popen(
            [sys.executable, "-P", __file__, "serve", str(number)],
            stdin=subprocess.PIPE,  # it ends when nobody holds the other end
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
            pass_fds=[number],
        )
        with server, patch.dict(os.environ, JUPYTER_PATH=folder):
            yield


def serve(number: str) -> None:
    """Import the libraries, then fork a kernel for whoever asks, until stdin ends."""
    with socket.socket(fileno=int(number)) as listener:
        os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel ends with it
        for name in LIBRARIES:
            importlib.import_module(name)
        gc.collect()
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a kernel
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            asked, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                return become(asked)
            asked.close()


def become(asked: socket.socket) -> None:
    """Turn this copy into the kernel that is asked for; it ends with who asked."""
    told, files, _, _ = socket.recv_fds(asked, LONGEST, 3)
    wanted: dict[str, Any] = json.loads(told)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    sys.path[:0] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = ["ipykernel_launcher.py", *wanted["arguments"]]

    def follow() -> None:
        asked.recv(1)
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


def ask(address: str, *arguments: str) -> None:
    """Ask for a kernel, and stay as long as it does: Jupyter ends it by ending this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent to every kernel at its end
    with Socket() as server:
        server.connect(address)
        here = {"folder": os.getcwd(), "environment": dict(os.environ)}
        told = json.dumps(here | {"arguments": arguments}).encode()
        socket.send_fds(server, [told], [0, 1, 2])
        server.recv(1)


if __name__ == "__main__":
    _, task, *given = sys.argv
    serve(*given) if task == "serve" else ask(*given)
