"""The form that starts a run."""

from __future__ import annotations

from typing import Any

from django import forms

from emotion.models import TrainingRun
from emotion.training.options import BASE_SHARE, EPOCHS, PEAK_RATE, SEED, Bound

Kind = TrainingRun.Kind


def _words(bounds: dict[Any, Bound]) -> str:
    fine, full = bounds[Kind.FINE_TUNE], bounds[Kind.FULL]
    return (
        f"Fine-tuning: {fine.low:g} to {fine.high:g}, {fine.default:g} if empty. "
        f"From scratch: {full.low:g} to {full.high:g}, {full.default:g} if empty."
    )


class StartForm(forms.Form):
    """Take the kind of a run and its choices; an empty choice means the default of the kind."""

    kind = forms.ChoiceField(label="What to do", choices=Kind.choices, widget=forms.RadioSelect, initial=Kind.FINE_TUNE)
    epochs = forms.IntegerField(
        required=False,
        label="Epochs",
        help_text=f"How often it goes through all it learns from. {_words(EPOCHS)}",
    )
    peak_rate = forms.FloatField(
        required=False,
        label="Peak learning rate",
        help_text=f"How far a batch may move it; too high, and it forgets. {_words(PEAK_RATE)}",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    base_share = forms.FloatField(
        required=False,
        label="Share of base rows",
        help_text=(
            "Fine-tuning only: how much of each epoch is base data, against forgetting, from "
            f"{BASE_SHARE.low:g} to {BASE_SHARE.high:g}, {BASE_SHARE.default:g} if empty. Without base data, what the "
            "active version says of the samples holds against it."
        ),
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    seed = forms.IntegerField(
        required=False,
        label="Seed",
        help_text=f"The same seed and the same samples give the same order of rows. {SEED.default:g} if empty.",
    )

    def options(self) -> dict[str, Any]:
        """Return the choices that were made."""
        names = ("epochs", "peak_rate", "base_share", "seed")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data.get(name) is not None}
