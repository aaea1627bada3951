"""What the making of an image asks of the engine, beyond what running programs does."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import IO

from ..errors import MissingError
from .engine import Engine

SECONDS = 60
"""For one command in a throw-away container."""


class Builder(Engine):
    """An engine that images are made with. What docker-py raises for an answer it does not like is
    an OSError."""

    def labels(self, name: str) -> dict[str, str] | None:
        """An image's labels; None if there is no such image."""
        if self.image_id(name) is None:
            return None
        return dict(self._docker.api.inspect_image(name)["Config"].get("Labels") or {})

    def volumes(self, name: str) -> list[str]:
        """Where an image has its containers write, even those whose root is read-only."""
        return sorted(self._docker.api.inspect_image(name)["Config"].get("Volumes") or {})

    def make(self, context: IO[bytes], name: str, labels: Mapping[str, str]) -> Iterator[str]:
        """Build an image, without a network, from a tar archive with a Dockerfile in it; yields the
        engine's words.

        Raises:
            MissingError: it is not built; the message is the engine's.
        """
        try:
            stream = self._docker.api.build(
                fileobj=context,
                custom_context=True,
                tag=name,
                labels=dict(labels),
                network_mode="none",
                rm=True,
                forcerm=True,
                decode=True,
            )
            for part in stream:
                if "error" in part:
                    raise _not_built(part["error"])
                yield str(part.get("stream", part.get("status", ""))).strip()
        except OSError as error:
            raise _not_built(_words(error)) from None

    def ask(self, name: str, command: list[str]) -> tuple[int, str]:
        """Run a command in a throw-away container without a network: its exit status and standard
        output; 127 and why not if it does not start."""
        api = self._docker.api
        host = api.create_host_config(
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            read_only=True,
            pids_limit=64,
            log_config={"Type": "json-file"},  # its words are read from there
        )
        id = ""
        try:
            id = api.create_container(name, command, user="0:0", host_config=host)["Id"]
            api.start(id)
            status = int(api.wait(id, timeout=SECONDS)["StatusCode"])
            return status, api.logs(id, stdout=True, stderr=False).decode(errors="replace")
        except OSError as error:
            return 127, _words(error)
        finally:
            if id:
                self.kill(id)

    def rename(self, old: str, new: str) -> None:
        """Give an image another name. The one that had it is removed unless something uses it."""
        before = self.image_id(new)
        repository, _, version = new.rpartition(":")
        self._docker.api.tag(old, repository, version)
        self.remove(old)
        if before != self.image_id(new):
            self.remove(before)

    def remove(self, name: str | None) -> None:
        """Remove a name, and the image if it has no other and nothing uses it. Never raises."""
        if name is not None:
            with suppress(OSError):
                self._docker.api.remove_image(name)


def _not_built(why: str) -> MissingError:
    return MissingError(f"the image was not built: {' '.join(why.split())}")


def _words(error: OSError) -> str:
    return str(getattr(error, "explanation", None) or error)
