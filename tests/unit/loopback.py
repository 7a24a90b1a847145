"""A stand-in for NDIF: nnsight's own client talks to it over HTTP and a websocket.

Run as a script in a process of its own. It holds one model, and neither this package
nor what it depends on beyond nnsight can be imported there: what a trace needs must
travel with it. It prints its port, and then a line of JSON for each job: the bytes
that came and went, and the headers' and the payload's findings.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import uuid
from typing import Any

ABSENT = {"helpers", "tests", "jaxtyping", "beartype", "altair", "choix"}


class Absent:
    """Refuses imports of what the service does not have."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"{name} is not installed on the service")


def run_job(model: Any, blob: bytes, compress: bool) -> bytes:
    """Rebuild the trace, run it on this process's model, pack what it saved."""
    import torch
    import zstandard
    from nnsight.schema.request import RequestModel
    from nnsight.tracing import tracer as tracing
    from nnsight.tracing.backend import Backend

    known = model._remoteable_persistent_objects()
    tracer = RequestModel.deserialize(blob, known, compress)
    tracer.backend = Backend()
    frame = tracer.info.frame
    tracing.inc()
    try:
        tracer.execute(tracer.info.code)
        kept = tracing._saves()
        saved = {k: v for k, v in frame.f_locals.items() if id(v) in kept}
    finally:
        tracing.dec()
        model.interleaver.cancel() if hasattr(model.interleaver, "cancel") else None
    buffer = io.BytesIO()
    torch.save(saved, buffer)
    packed = buffer.getvalue()
    return zstandard.ZstdCompressor().compress(packed) if compress else packed


def main(folder: str, key: str) -> None:
    """Serve the model of a folder to whoever has the key."""
    sys.meta_path.insert(0, Absent())  # type: ignore[arg-type]
    import zstandard
    from nnsight import TransformersModel
    from nnsight.schema.response import ResponseModel, Status
    from tornado import httpserver, netutil, web, websocket

    model = TransformersModel(folder, task="text-generation", dispatch=True)
    model._module.eval()
    sockets: dict[str, Any] = {}

    class Subscribe(websocket.WebSocketHandler):
        def open(self, *args: str, **kwargs: str) -> None:
            self.name = uuid.uuid4().hex
            sockets[self.name] = self
            self.write_message(json.dumps({"session_id": self.name}))

    class Request(web.RequestHandler):
        def post(self) -> None:
            if self.request.headers.get("ndif-api-key") != key:
                self.set_status(401)
                self.finish(json.dumps({"detail": "the key is not known"}))
                return
            about = json.loads(self.get_body_argument("data"))
            blob = self.request.files["blob"][0]["body"]
            plain = zstandard.ZstdDecompressor().decompress(blob)
            job = {"id": "job", "status": Status.RECEIVED}
            self.finish(ResponseModel(**job).model_dump_json())
            loop = asyncio.get_running_loop()
            loop.call_soon(self.work, about, blob, plain)

        def work(self, about: Any, blob: bytes, plain: bytes) -> None:
            socket = sockets.pop(about["session_id"])
            try:
                packed = run_job(model, blob, about["compress"])
                answer = ResponseModel(id="job", status=Status.COMPLETED, data=packed)
            except Exception as error:
                packed, text = b"", f"{type(error).__name__}: {error}"
                answer = ResponseModel(id="job", status=Status.ERROR, description=text)
            socket.write_message(answer.pickle(), binary=True)
            said = {"model": about["model_key"], "came": len(blob)}
            said |= {"went": len(packed), "key": key.encode() in plain}
            print(json.dumps(said), flush=True)

    places = [("/request", Request), ("/subscribe", Subscribe)]

    async def serve() -> None:
        server = httpserver.HTTPServer(web.Application(places))
        sockets_here = netutil.bind_sockets(0, "127.0.0.1")
        server.add_sockets(sockets_here)
        print(sockets_here[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
