"""Whether the Hugging Face hub can be reached, found out in seconds.

Asked first, since huggingface_hub itself tries for half a minute, and aloud, where it is not.
"""

import os
import urllib.error
import urllib.request

SECONDS = 5.0


def reached() -> bool:
    """Whether the hub (or $HF_ENDPOINT) answers at all; never where HF_HUB_OFFLINE is set."""
    if os.environ.get("HF_HUB_OFFLINE", "0").lower() not in ("", "0", "false"):
        return False
    from huggingface_hub.constants import ENDPOINT

    if not ENDPOINT.startswith(("http://", "https://")):
        return False
    try:
        with urllib.request.urlopen(ENDPOINT, timeout=SECONDS):  # noqa: S310  scheme seen to above
            return True
    except urllib.error.HTTPError:
        return True  # whatever it says, something is there
    except (OSError, ValueError):
        return False
