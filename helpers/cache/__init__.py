"""Results on disk, addressed by content, and names for models as they are now."""

from helpers.cache.identity import fingerprint, hooked, stamp
from helpers.cache.kept import (
    as_tensors, as_texts, cached, find, keep, Key, model_key, shipped, shipped_key,
)
from helpers.cache.rows import drop_rows, find_rows, keep_rows
from helpers.cache.store import (
    digest, digest_bytes, folder, forget, home, optional, place, read, replacing,
    write, write_file, write_json,
)

__all__ = [
    "Key", "as_tensors", "as_texts", "cached", "digest", "digest_bytes",
    "drop_rows", "find", "find_rows", "fingerprint", "folder", "forget", "home",
    "hooked", "keep", "keep_rows", "model_key", "optional", "place", "read",
    "replacing", "shipped", "shipped_key", "stamp", "write", "write_file",
    "write_json",
]
