"""Who a reviewer is: a name as it is compared, and the names that stand for no person. Never says what anybody may decide."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from ldn_evidence.model.written import Text

# Reviewers whose rows are proposals, not a person's confirmation.
UNCONFIRMED = frozenset({"bundled", "machine"})


def name_of(reviewer: str) -> str:
    """A reviewer's name as it is compared: case, accents typed in two ways and blanks make nobody another person."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", reviewer).casefold()).split())


def person(reviewer: str) -> str:
    """The name as it is written, or a ValueError: nobody, and the names that stand for no person, have no word of their own."""
    who = " ".join(reviewer.split())
    if not who or name_of(who) in UNCONFIRMED:
        raise ValueError(f'"{who}" is no person\'s name. Give your own.')
    return who


Person = Annotated[Text, AfterValidator(person)]
