"""Watch emotion vectors while a model writes, and raise alerts."""

from helpers.monitor.alarms import find_alerts, set_threshold, smooth_from
from helpers.monitor.readers import Readers, simple_readers
from helpers.monitor.transcripts import Transcript, load_transcript, save_transcript
from helpers.monitor.watch import Monitor, Token, alerts, stream, watch, watch_text
from helpers.monitor.windows import read_windows

__all__ = [
    "Monitor", "Readers", "Token", "Transcript", "alerts", "find_alerts",
    "load_transcript", "read_windows", "save_transcript", "set_threshold",
    "simple_readers", "smooth_from", "stream", "watch", "watch_text",
]
