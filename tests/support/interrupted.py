"""A model in whose midst a run is cut off."""

import asyncio
from typing import Any

from ponder.models import Message, ScriptedModel


class Interrupted(ScriptedModel):
    """Cancels the whole run at its n-th call."""

    after: int = 100
    run: asyncio.Task[Any]

    async def chat(self, messages: list[Message], **rest: Any) -> Any:
        if len(self.calls) >= self.after:
            self.run.cancel()
            await asyncio.sleep(10)
        return await super().chat(messages, **rest)
