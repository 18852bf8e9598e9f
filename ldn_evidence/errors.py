"""What can go wrong, each with the exit code it ends in. A message is one line: the thing, then the mend."""


class EvidenceError(Exception):
    """The base of all of ours; the command line prints its message and ends with `exit_code`."""

    exit_code = 1


class InputError(EvidenceError):
    """Something a person wrote can't be used: a protocol, a table row, an option."""

    exit_code = 2


class StoreError(EvidenceError):
    """The database can't be opened, read or written."""


class DamagedStore(StoreError):
    """The database is there and can't be read. It is a product: what it was made from is kept elsewhere."""


class WorkspaceError(EvidenceError):
    """A folder or file of the workspace can't be read or written."""


class EntrezError(EvidenceError):
    """NCBI did not answer as it should, however often it was asked."""


class NotReached(EntrezError):
    """There is no way to NCBI from here. Its message is the reason alone."""
