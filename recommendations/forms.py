"""The forms of the preferences page and of one's own music."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.http import url_has_allowed_host_and_scheme

from ml.types import EMOTIONS, Emotion
from recommendations.catalogue import Statistics
from recommendations.circumplex import Mode, default_mode
from recommendations.languages import language_name
from recommendations.models import ListenerPreferences

COMMON = 8
"""From so many tracks on, a genre stands in the first list."""
MOST_ARTISTS = 200
LONGEST_NAME = 300


class PreferencesForm(forms.Form):
    """Ask what a person wants to hear. The choices are what the catalogue has, and what she chose before."""

    genres = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="Genres")
    eras = forms.TypedMultipleChoiceField(
        required=False, coerce=int, widget=forms.CheckboxSelectMultiple, label="Decades"
    )
    languages = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="Languages")
    blocked_artists = forms.CharField(
        required=False,
        label="Artists never to play",
        help_text="One name a line. Songs on which they are guests stay out too.",
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    allow_explicit = forms.BooleanField(
        required=False, label="Play songs with explicit lyrics", help_text="Off: they are left out altogether."
    )
    companion = forms.BooleanField(
        required=False, label="Say a few kind words beside readings and sessions", help_text="Off: only the facts."
    )
    help_line = forms.BooleanField(
        required=False,
        label="Show where to find help when several days were low",
        help_text="One quiet line. Nobody else is told, whether it is on or off.",
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, statistics: Statistics, stored: ListenerPreferences | None, **kwargs: Any):
        kept = stored or ListenerPreferences()
        kwargs["initial"] = {
            "genres": kept.genres,
            "eras": kept.eras,
            "languages": kept.languages,
            "blocked_artists": "\n".join(kept.blocked_artists),
            "allow_explicit": kept.allow_explicit,
            "companion": kept.companion,
            "help_line": kept.help_line,
            **{_mode_field(Emotion(name)): mode for name, mode in kept.default_modes.items()},
            **kwargs.get("initial", {}),
        }
        super().__init__(data, **kwargs)
        self._statistics = statistics
        for emotion in EMOTIONS:
            suits = default_mode(emotion).value.capitalize()
            choices = [("", f"What suits ({suits})"), *((mode.value, mode.value.capitalize()) for mode in Mode)]
            self.fields[_mode_field(emotion)] = forms.ChoiceField(
                choices=choices, required=False, label=emotion.value.capitalize()
            )
        self._choose("genres", [*statistics.genres, *kept.genres], str)
        self._choose("eras", [*statistics.decades, *kept.eras], "{}s".format)
        self._choose("languages", [*statistics.languages, *kept.languages], language_name)

    def _choose(self, name: str, values: Iterable[Any], label: Any) -> None:
        field: Any = self.fields[name]
        field.choices = [(value, label(value)) for value in dict.fromkeys(values)]

    def clean_blocked_artists(self) -> list[str]:
        """Return the names, each once, without empty lines."""
        lines = self.cleaned_data["blocked_artists"].splitlines()
        names = list(dict.fromkeys(" ".join(line.split()) for line in lines if line.strip()))
        if len(names) > MOST_ARTISTS:
            raise ValidationError(f"At most {MOST_ARTISTS} names, please.")
        if any(len(name) > LONGEST_NAME for name in names):
            raise ValidationError(f"A name may have up to {LONGEST_NAME} letters. Is each one on a line of its own?")
        return names

    def default_modes(self) -> dict[Emotion, Mode]:
        """Return the modes that were chosen; emotions left to us are missing."""
        chosen = {emotion: self.cleaned_data[_mode_field(emotion)] for emotion in EMOTIONS}
        return {emotion: Mode(mode) for emotion, mode in chosen.items() if mode}

    def next_url(self, fallback: str) -> str:
        """Return where to go on: an address of this site only."""
        url = str(self.cleaned_data.get("next") or "")
        return url if url_has_allowed_host_and_scheme(url, allowed_hosts=set(), require_https=False) else fallback

    def genre_groups(self) -> list[dict[str, Any]]:
        """Return the boxes of the genres in two groups: common or chosen ones, and the rest."""
        chosen = set(self["genres"].value() or [])
        first: list[Any] = []
        rest: list[Any] = []
        for box in self["genres"]:
            name = str(box.data["value"])
            common = self._statistics.genres.get(name, 0) >= COMMON or name in chosen
            (first if common else rest).append(box)
        return [{"boxes": first, "more": False}, {"boxes": rest, "more": True}]

    def mode_fields(self) -> list[dict[str, Any]]:
        """Return the field of each emotion's mode."""
        return [{"emotion": emotion.value, "field": self[_mode_field(emotion)]} for emotion in EMOTIONS]


def _mode_field(emotion: Emotion) -> str:
    return f"mode_{emotion.value}"


class OwnMusicForm(forms.Form):
    """Take one exported playlist."""

    file = forms.FileField(
        label="Playlist as CSV",
        help_text="A CSV file that Exportify made, up to 2 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
