"""How fast the models run inside a page: `python -m benchmarks.live`.

In Chromium, from this machine, for each model that is here:
- load: from the click to a model that is ready, nothing kept by the browser, and again
  with what it kept;
- first token: from a request to its first token, after a prompt of about 60 tokens;
- tokens a second: of one row that is pushed and read at one layer, and of three rows
  side by side (a push, none, a random direction), each counted;
- memory: the largest process of the browser after all this, without shared pages.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from playwright.sync_api import Page, sync_playwright

from helpers.models import written_neutral
from scripts.laboratory import put
from scripts.vendor import VENDOR, ensure_vendor
from tests.browser.conftest import FLAGS

WORDS, NEW = 45, 100  # of the prompt; tokens written
PAGE = "<!doctype html><link rel=icon href=data:,><title>Benchmark</title>"
# `ask(message)` resolves to [seconds to the first token, seconds in all, tokens].
ASK = """() => {
  const worker = new Worker("/live/worker.mjs", { type: "module" });
  window.ask = (message) => new Promise((resolve, reject) => {
    const start = performance.now(), since = () => (performance.now() - start) / 1e3;
    let first = null, n = 0;
    worker.onmessage = ({ data }) => {
      if (data.type === "token") {
        first ??= since();
        n += 1;
      }
      if (data.type === "error") reject(new Error(data.message));
      if (["ready", "done"].includes(data.type)) resolve([first, since(), n, data.d]);
    };
    worker.postMessage(message);
  });
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def largest(root: psutil.Process) -> float:
    """MB of the largest process below this one, without what it shares."""
    return max(child.memory_full_info().uss for child in root.children(True)) / 1e6


def measure(page: Page, site: str, name: str) -> dict[str, Any]:
    """One model's row of the table."""
    ask = partial(page.evaluate, "message => ask(message)")
    load = {"type": "load", "manifest": f"{site}/models/{name}/manifest.json"}
    page.goto(site)
    page.evaluate(ASK)
    _, cold, _, d = ask(load)
    _, warm, _, _ = ask(load)
    prompt = " ".join(" ".join(written_neutral()[:3]).split()[:WORDS])
    push = {"vector": [1.0] * d, "layers": 2, "strength": 0.2, "norm": 60}
    other = {**push, "vector": [1.0, -1.0] * (d // 2)}
    rows: list[dict[str, Any]] = [{"pushes": [push]}, {}, {"pushes": [other]}]
    request = {"type": "write", "prompt": prompt, "n": NEW, "temperature": 0.5}
    request["reads"] = [{"layers": 2, "vectors": [1.0] * d}]
    one = ask({**request, "rows": rows[:1]})
    three = ask({**request, "prompt": f"{prompt} And", "rows": rows})
    memory = largest(psutil.Process())
    return {
        "model": name,
        "load, s": cold,
        "load again, s": warm,
        "first token, s": one[0],
        "tokens/s": (one[2] - 1) / (one[1] - one[0]),
        "tokens/s, three rows": (three[2] - 3) / (three[1] - three[0]),
        "memory, MB": memory,
    }


def main() -> None:
    """Print the table; `--json` keeps it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None or not ensure_vendor():
        raise SystemExit("This needs Chromium and the scripts of the pages.")
    table = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        names = put(Path(folder))
        shutil.copytree(VENDOR, Path(folder, "vendor"))
        Path(folder, "index.html").write_text(PAGE)
        handler = partial(Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            site = f"http://127.0.0.1:{server.server_address[1]}"
            for name in names:
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                table.append(measure(browser.new_page(), site, name))
                browser.close()
            server.shutdown()
    print(pd.DataFrame(table).round(2).to_string(index=False))
    if args.json:
        args.json.write_text(json.dumps(table, indent=1))


if __name__ == "__main__":
    main()
