"""Take the README's picture of the live page: `python -m scripts.screenshot [HTML]`.

HTML is the folder of the built book. The real model runs in the page and reads the text
that stands there: the picture shows what a visitor of that address would see. Needs
Chromium.
"""

from __future__ import annotations

import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "book/_static/laboratory.png"
PAGE = "book/laboratory.html"
STATE = "model=smollm2&show=read&one=afraid&two=joyful"
AT_REST = """() => {
    const lab = document.querySelector(".lab").laboratory;
    return lab && lab.loaded && !lab.running;
}"""


def shoot(address: str) -> bytes:
    """The laboratory at that address after it has read, as PNG."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("No Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": 1120, "height": 1300})
        page.goto(address, wait_until="networkidle")
        page.click(".lab-load")
        page.wait_for_function(AT_REST, timeout=600_000)
        shot = page.locator(".lab").screenshot(animations="disabled")
        browser.close()
    return shot


def main(html: str = str(ROOT / "_build/html")) -> int:
    """Serve the folder to this machine alone, and write the picture."""
    handler = partial(SimpleHTTPRequestHandler, directory=html)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = f"http://127.0.0.1:{server.server_address[1]}"
        PICTURE.write_bytes(shoot(f"{place}/{PAGE}#{STATE}"))
        server.shutdown()
    print(f"wrote {PICTURE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
