"""Arguments in, words and exit codes out; the only reader of the environment.

`frame` holds the application and what its commands share; the commands stand by what they do: `collection` (what comes
in), `reading` (what goes out), `tagging` (what a machine read, and a reviewer's word over it), `appraising` (what people judge, and how far they
agree), `judging` (a reviewer's word over a rule of grading), `history` (what moved the grades), `pictures`, `protocols`, `accuracy` (how
often the machine reads right). Whatever takes long to import is imported inside the command that needs it: `--help` answers at once.
"""

from ldn_evidence.cli import (
    accuracy,
    appraising,
    collection,
    history,
    judging,
    pictures,
    protocols,
    reading,
    tagging,
)
from ldn_evidence.cli.frame import app, main

__all__ = [
    "accuracy",
    "app",
    "appraising",
    "collection",
    "history",
    "judging",
    "main",
    "pictures",
    "protocols",
    "reading",
    "tagging",
]
