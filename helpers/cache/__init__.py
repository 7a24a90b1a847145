"""Results on disk, addressed by content, and names for models as they are now."""

from helpers.cache.identity import fingerprint, hooked, stamp
from helpers.cache.kept import (
    Key, as_tensors, as_texts, cached, find, keep, model_key, shipped, shipped_key,
)
from helpers.cache.store import (
    digest, digest_bytes, folder, forget, home, optional, place, read, replacing, write,
    write_file,
)

__all__ = [
    "Key", "as_tensors", "as_texts", "cached", "digest", "digest_bytes", "find",
    "fingerprint", "folder", "forget", "home", "hooked", "keep", "model_key",
    "optional", "place", "read", "replacing", "shipped", "shipped_key", "stamp",
    "write", "write_file",
]
