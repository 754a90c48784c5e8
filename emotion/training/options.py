"""What may be chosen for a run, with defaults and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from emotion.models import TrainingRun
from mood_music.errors import UserError


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold the default of one number and what it may be."""

    default: float
    low: float
    high: float


Kind = TrainingRun.Kind
EPOCHS = {Kind.FINE_TUNE: Bound(8, 1, 50), Kind.FULL: Bound(40, 5, 100)}
# A tenth of the rate from scratch suits a network that knows much already.
PEAK_RATE = {Kind.FINE_TUNE: Bound(2.5e-4, 1e-6, 1e-3), Kind.FULL: Bound(2.5e-3, 1e-4, 1e-2)}
BASE_SHARE = Bound(0.5, 0.0, 0.9)
SEED = Bound(7, 0, 2**31 - 1)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Hold the choices of one run. `base_share` is that of base rows in an epoch of a fine-tuning."""

    epochs: int
    peak_rate: float
    base_share: float
    seed: int

    @classmethod
    def of(cls, kind: str, chosen: Mapping[str, Any] | None = None) -> RunOptions:
        """Return the choices, with defaults where none was made. Raises UserError for one beyond its bounds."""
        if kind not in Kind.values:
            raise UserError("training_options")
        bounds = {"epochs": EPOCHS[Kind(kind)], "peak_rate": PEAK_RATE[Kind(kind)], "base_share": BASE_SHARE,
                  "seed": SEED}  # fmt: skip
        given = {name: bound.default for name, bound in bounds.items()} | dict(chosen or {})
        if set(given) != set(bounds):
            raise UserError("training_options")
        try:
            options = cls(
                int(given["epochs"]), float(given["peak_rate"]), float(given["base_share"]), int(given["seed"])
            )
        except (TypeError, ValueError) as error:
            raise UserError("training_options") from error
        # A number that is none (NaN) is within no bounds.
        if not all(
            bound.low <= value <= bound.high for bound, value in zip(bounds.values(), options.values, strict=True)
        ):
            raise UserError("training_options")
        return options

    @property
    def values(self) -> tuple[float, ...]:
        """Return the numbers in their order."""
        return (self.epochs, self.peak_rate, self.base_share, self.seed)

    def as_dict(self) -> dict[str, Any]:
        """Return the choices as JSON-ready values."""
        return asdict(self)
