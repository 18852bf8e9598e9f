"""The one path in: PubMed and files into the archive (`collecting`), archive and rows into the database (`building`).

`collecting` is the only part with a network, and is imported only by who refreshes.
"""

from typing import Protocol as Interface


class Progress(Interface):
    """Who is told how far a refresh has come."""

    def say(self, words: str) -> None:
        """A line for the person who waits."""

    def step(self, what: str, done: int, of: int) -> None:
        """So many of so many are done."""


class Silent:
    """Nobody is told."""

    def say(self, words: str) -> None:
        """Say nothing."""

    def step(self, what: str, done: int, of: int) -> None:
        """Count nothing."""
