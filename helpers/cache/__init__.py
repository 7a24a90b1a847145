"""A disk cache addressed by content, and names for models as they are now."""

from helpers.cache.identity import fingerprint, hooked, stamp
from helpers.cache.store import (
    cached, digest, digest_bytes, folder, forget, home, optional, place, read,
    replacing, write, write_file,
)

__all__ = [
    "cached", "digest", "digest_bytes", "fingerprint", "folder", "forget", "home",
    "hooked", "optional", "place", "read", "replacing", "stamp", "write", "write_file",
]
