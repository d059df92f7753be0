"""What a check says when an invariant does not hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from faults.evidence import Evidence


@dataclass(frozen=True)
class Finding:
    """`lost`: it was accepted and has no effect; `double`: it has more than one; `wrong`: anything else."""

    kind: Literal["lost", "double", "wrong"]
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


Check = Callable[[Evidence], Iterator[Finding]]
