"""A model in whose midst a run is cut off."""

import asyncio
from typing import Any

from ponder.models import ScriptedModel


class Interrupted(ScriptedModel):
    """Cancels the whole run at its n-th call, of a whole reply or of a step."""

    after: int = 100
    run: asyncio.Task[Any]

    async def _think(self, path: str) -> None:
        if len(self.calls) >= self.after:
            self.run.cancel()
            await asyncio.sleep(10)
        await super()._think(path)
