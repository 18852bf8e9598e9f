"""`python -m ldn_evidence` is `ldn-evidence`."""

from ldn_evidence.cli import main

main()
