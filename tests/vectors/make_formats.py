"""Makes access_log.json, audio_frame.json, events.json, documents.json, erasure.json and recording_2.json:
`python tests/vectors/make_formats.py`.

Keys and ephemeral keys are fixed, so the files come out the same each time.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "firmware"), str(ROOT / "host"), str(ROOT / "tests"), str(Path(__file__).parent)]

import make_access_log  # noqa: E402
import make_documents  # noqa: E402
import make_erasure  # noqa: E402
import make_recording  # noqa: E402
import make_small  # noqa: E402

for name, content in (
    ("access_log", make_access_log.access_logs()),
    ("audio_frame", make_small.audio_frames()),
    ("events", make_small.all_events()),
    ("documents", make_documents.documents_vectors()),
    ("erasure", make_erasure.erasures()),
    ("recording_2", make_recording.recordings()),
):
    text = json.dumps(content, indent=1, ensure_ascii=False)
    (Path(__file__).parent / f"{name}.json").write_text(text + "\n")
