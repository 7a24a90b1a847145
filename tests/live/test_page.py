"""The worker in Chromium, on a page served from this machine, with all else shut."""

from __future__ import annotations

import json
import platform
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import Browser, Page

from tests.live.conftest import Subject
from tests.live.reference import Case, agrees, for_engine

TINY = "models/tiny/manifest.json"
# A worker of its own: `ask(message)` resolves to all that it answers.
START = """() => {
  window.worker = new Worker("/live/worker.mjs", { type: "module" });
  window.ask = (message, during = {}) => new Promise((resolve) => {
    const heard = [];
    worker.onmessage = ({ data }) => {
      heard.push(data);
      if (during[data.type]) worker.postMessage(during[data.type]);
      delete during[data.type];
      if (["ready", "done", "stopped", "error"].includes(data.type)) resolve(heard);
    };
    worker.onerror = (event) => resolve([{ type: "crash", message: event.message }]);
    worker.postMessage(message);
  });
}"""


class Handler(SimpleHTTPRequestHandler):
    """Serves the site, and badly where a query asks for it: ?cut or ?slow."""

    asked: ClassVar[Counter[str]] = Counter()

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.asked[self.path] += 1
        name, _, how = self.path.partition("?")
        if not how:
            return super().do_GET()
        data = Path(self.translate_path(name)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for at in range(0, len(data) // 2, 50_000):
            self.wfile.write(data[at : at + 50_000])
            time.sleep(0.2 if how == "slow" else 0)
        self.close_connection = True


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    def handler(*given: Any) -> Handler:
        return Handler(*given, directory=str(site))

    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The demo, in a window that has kept nothing, with a worker of the test's own."""
    context = browser.new_context()
    found = context.new_page()
    asked: list[str] = []
    found.on("request", lambda request: asked.append(request.url))
    found.goto(f"{address}/live/demo.html")
    found.evaluate(START)
    yield found
    assert all(url.startswith((address, "data:")) for url in asked)
    context.close()


def ask(page: Page, message: dict[str, Any], **during: Any) -> list[dict[str, Any]]:
    script = "([message, during]) => ask(message, during)"
    heard: list[dict[str, Any]] = page.evaluate(script, [message, during])
    return heard


def load(page: Page, manifest: Any = TINY, **more: Any) -> dict[str, Any]:
    """Load a model; returns the last answer."""
    if isinstance(manifest, str):
        manifest = page.evaluate("path => location.origin + '/' + path", manifest)
    return ask(page, {"type": "load", "manifest": manifest, **more})[-1]


def test_the_demo_streams_tokens(page: Page) -> None:
    page.click("#load")
    page.wait_for_function("document.getElementById('state').textContent[0] === 'R'")
    prompt = page.input_value("#prompt")
    page.evaluate(
        """() => {
          window.lengths = [];
          const note = (all) => lengths.push(all[0].target.textContent.length);
          new MutationObserver(note).observe(plain, { childList: true });
        }"""
    )
    page.click("#write")
    page.wait_for_function("document.getElementById('state').textContent[0] === 'D'")
    texts = [page.text_content(box) or "" for box in ("#plain", "#pushed")]
    assert all(text.startswith(prompt) and len(text) > len(prompt) for text in texts)
    lengths = page.evaluate("lengths")
    assert len(lengths) > 5
    assert lengths == sorted(lengths)


def test_the_worker_writes_what_python_writes(page: Page, subject: Subject) -> None:
    ready = load(page, f"models/{subject.name}/manifest.json")
    assert ready["type"] == "ready", ready
    assert (ready["simd"], ready["checked"]) == (True, True)
    assert (ready["nLayers"], ready["d"]) == (subject.layers, len(subject.vector))
    n, prompts = subject.counts.tokens, ["Amina opened the door.", "I am so"]
    push = subject.push(strength=0.3)
    for prompt in prompts:
        for temperature in (0.0, 0.7):
            both: list[Any] = [[], [for_engine(push)]]
            rows = [{"pushes": pushes, "seed": 5} for pushes in both]
            request: dict[str, Any] = {
                "type": "write",
                "id": prompt,
                "prompt": prompt,
                "rows": rows,
            }
            request |= {"n": n, "temperature": temperature}
            heard = ask(page, request)
            assert {message["id"] for message in heard} == {prompt}
            for row, pushes in enumerate([[], [push]]):
                tokens = [m for m in heard if m["type"] == "token" and m["row"] == row]
                text = "".join(token["text"] for token in tokens)
                case = Case(prompt, pushes, seed=5, temperature=temperature)
                ids = [token["token"] for token in tokens]
                agrees(subject.model, case, ids, text, case.generate(subject.model, n))
                assert tokens[-1]["end"] in ("stop", "length")


def test_a_chat_is_read_and_told_token_by_token(page: Page) -> None:
    load(page)
    vectors = [1.0] + [0.0] * 159
    reads = [{"layers": [0, 5], "vectors": vectors}]
    request = {"type": "write", "chat": "Hello.", "rows": [{}], "n": 2, "reads": reads}
    heard = ask(page, request)
    (prompt,) = (m for m in heard if m["type"] == "prompt")
    assert prompt["prompt"] == "".join(prompt["texts"])
    assert prompt["texts"][0] == "<|user|>"
    read = [m for m in heard if m["type"] == "reading"]
    assert sum(m["T"] for m in read) == len(prompt["ids"]) + 2
    assert all(len(m["values"][0]) == 2 * m["T"] for m in read)
    shares = [m["progress"] for m in heard if m["type"] == "progress"]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_what_was_loaded_is_kept_and_an_older_version_dropped(
    page: Page, site: Path
) -> None:
    Handler.asked.clear()
    assert load(page)["type"] == "ready"
    pieces = {path: n for path, n in Handler.asked.items() if path.endswith(".bin")}
    assert len(pieces) == 5
    assert load(page)["type"] == "ready"
    assert {path: Handler.asked[path] for path in pieces} == pieces
    manifest = broken(site, page)
    assert load(page, {**manifest, "sha256": "0" * 64})["type"] == "ready"
    stores = page.evaluate("caches.keys()")
    assert stores == ["weights tiny " + "0" * 64]


def test_another_request_takes_the_place_of_the_present_one(page: Page) -> None:
    load(page)
    long = {"type": "write", "id": 1, "prompt": "The", "rows": [{}] * 8, "n": 400}
    heard = ask(page, long, token={"type": "stop"})
    assert heard[-1]["type"] == "stopped"
    assert sum(m["type"] == "token" for m in heard) < 8 * 400
    other = {"type": "write", "id": 2, "prompt": "Then she", "rows": [{}], "n": 5}
    heard = ask(page, long, token=other)
    assert heard[-1] == {"type": "stopped", "id": 1}
    assert not [m for m in heard if m["type"] == "done"]
    page.wait_for_timeout(300)
    assert ask(page, other)[-1] == {"type": "done", "id": 2}


def test_a_push_can_change_while_the_model_writes(page: Page) -> None:
    load(page)
    push = {"vector": [1.0] * 160, "layers": 3, "strength": 2, "norm": 60}
    request = {"type": "write", "prompt": "She", "rows": [{}], "n": 300}

    def written(**during: Any) -> list[int]:
        heard = ask(page, request, **during)
        return [m["token"] for m in heard if m["type"] == "token"]

    bare = written()
    changed = written(token={"type": "push", "row": 0, "pushes": [push]})
    assert bare[:1] == changed[:1]
    assert bare != changed
    told = {"type": "push", "row": 0, "pushes": [push], "tag": "b"}
    paced = {**request, "n": 40, "rows": [{"tag": "a"}], "pace": 10}
    heard = ask(page, paced, token=told)
    tags = "".join(m["tag"] for m in heard if m["type"] == "token")
    assert tags.lstrip("a") == "b" * tags.count("b"), "one after the other"
    assert 0 < tags.count("a") < 10
    wrong = {"type": "push", "row": 0, "pushes": [{**push, "layers": 9}]}
    heard = ask(page, request, token=wrong)
    (error,) = (m for m in heard if m["type"] == "error")
    assert error["message"] == "layer 9 is outside 0..5"


def broken(site: Path, page: Page, **change: Any) -> dict[str, Any]:
    """The manifest of `tiny` as an object, with the last piece changed."""
    manifest: dict[str, Any] = json.loads((site / TINY).read_text("utf-8"))
    origin = page.evaluate("location.origin")
    manifest["pieces"][-1] |= change
    return {**manifest, "base": f"{origin}/{TINY}"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "04.bin?cut"}, "The connection broke in 04.bin?cut"),
        ({"file": "00.bin"}, "00.bin is broken: "),
        ({"file": "gone.bin"}, "gone.bin is not there (404)"),
        ({"sha256": "0" * 64}, "04.bin is not what was published (its sha256"),
    ],
    ids=["cut", "size", "gone", "sha256"],
)
def test_a_broken_piece_is_told_and_mended(
    page: Page, site: Path, change: dict[str, str], said: str
) -> None:
    answer = load(page, broken(site, page, **change))
    assert answer["type"] == "error"
    assert said in answer["message"]
    Handler.asked.clear()
    assert load(page)["type"] == "ready"
    again = [path for path in Handler.asked if path.endswith(".bin")]
    assert again == ["/models/tiny/04.bin"], "the whole pieces were kept"


def test_errors_are_told_in_sentences(page: Page, site: Path) -> None:
    write = {"type": "write", "prompt": "She", "rows": [{}]}
    (answer,) = ask(page, write)
    assert answer["message"] == "No model is loaded."
    assert "nowhere.json is not there (404)" in load(page, "nowhere.json")["message"]
    assert "is no list of pieces" in load(page, "live/demo.html")["message"]
    huge = {"name": "huge", "size": 5_000_000_000, "sha256": "", "pieces": []}
    assert "has no room for 5001 MB" in load(page, huge)["message"]
    page.context.set_offline(True)
    assert "is this computer offline?" in load(page)["message"]
    page.context.set_offline(False)
    load(page)
    faults: list[tuple[dict[str, Any], str]] = [
        ({"prompt": ""}, "The prompt is empty."),
        ({"prompt": "a " * 600}, "this model's context is 512"),
        ({"rows": []}, "Pass 1 to 32 rows."),
        ({"rows": [{"pushes": [{"vector": [1], "layers": 1}]}]}, "d_model 160"),
        ({"chat": [{"role": "assistant", "content": "Hi"}]}, "not the user's"),
        ({"temperature": -1}, "pass 0 or more"),
    ]
    for wrong, said in faults:
        message = {**write, **wrong}
        if "chat" in wrong:
            del message["prompt"]
        answer = ask(page, message)[-1]
        assert answer["type"] == "error"
        assert said in answer["message"]


def test_loading_can_be_stopped(page: Page, site: Path) -> None:
    manifest = broken(site, page, file="04.bin?slow")
    heard = ask(page, {"type": "load", "manifest": manifest}, loading={"type": "stop"})
    assert heard[-1]["type"] == "stopped"
    assert load(page)["type"] == "ready"


def test_a_file_that_was_picked_stands_for_the_pieces(page: Page, site: Path) -> None:
    pieces = sorted((site / TINY).parent.glob("*.bin"))
    weights = b"".join(piece.read_bytes() for piece in pieces)
    (site / "models/whole").write_bytes(weights)
    script = """async ([manifest, size]) => {
      const file = await (await fetch("/models/whole")).blob();
      return (await ask({ type: "load", manifest, file: file.slice(0, size) })).at(-1);
    }"""
    manifest = broken(site, page)
    assert page.evaluate(script, [manifest, len(weights)])["type"] == "ready"
    answer = page.evaluate(script, [manifest, 1000])
    assert "This file has 1000 bytes, not 4710352" in answer["message"]


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="an x86 flag")
def test_a_browser_without_simd_runs_plain_javascript(
    chromium: Any, address: str
) -> None:
    bare = chromium("--js-flags=--no-enable-sse4-1")
    page = bare.new_page()
    page.goto(f"{address}/live/demo.html")
    page.evaluate(START)
    assert load(page)["simd"] is False
    heard = ask(page, {"type": "write", "prompt": "She", "rows": [{}], "n": 3})
    assert heard[-1]["type"] == "done"
    bare.close()
