"""Simulate listeners and compare learning with its absence. `python -m bench.learning`.

This is a simulation, not a study: no person took part, and its figures say how the method behaves on listeners of the
kind described here, not how much anybody will like the music.

A simulated listener has hidden tastes that the site never sees: one number for each genre, one for each artist, and
one for each genre in each mood, all drawn from normal distributions (SPREADS). A track suits her with the probability

    exp(-(distance to the point the set aims at / REACH)^2 / 2)  x  logistic(BASE + her numbers for the track)

which is not the model that the site learns with (a hierarchical Beta-Bernoulli model of odds): the learner is
misspecified, as it will be with people. After each set she answers each track with probability ANSWERS: she likes what
suited; of what did not, she says "wrong mood" if the mood was what failed, and dislikes or skips it otherwise.

Three policies choose from the starter catalogue for the same listeners and the same moods: the site's ranking with what
it learned, the site's ranking without, and tracks at random. Regret is the expected number of suitable tracks that the
best set in hindsight (greedy, no artist twice, by the hidden numbers) has more than the set that was chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report import document, table
from ml.types import EMOTIONS
from recommendations.catalogue import STARTER, Catalogue, read_catalogue
from recommendations.circumplex import Target, default_mode, path, target
from recommendations.learning import NO_TASTE, Kind, Taste, Verdict, cell_of
from recommendations.planning import certain
from recommendations.ranking import rank

PER_SET = 8
REACH = 0.25
BASE = -0.3
SPREADS = {"genre": 1.0, "artist": 0.7, "genre in mood": 0.7}
ANSWERS = 0.5
POLICIES = ("learning", "no learning", "random")


@dataclass(frozen=True, slots=True)
class World:
    """Hold the catalogue as the simulation needs it."""

    catalogue: Catalogue
    valence: NDArray[np.float64]
    arousal: NDArray[np.float64]
    genres: NDArray[np.float64]

    @classmethod
    def load(cls) -> World:
        """Read the starter catalogue; `genres` is tracks x genres, each row a mean."""
        catalogue = Catalogue(read_catalogue(STARTER))
        names = {genre: index for index, genre in enumerate(sorted({g for t in catalogue.tracks for g in t.genres}))}
        genres = np.zeros((len(catalogue), len(names)))
        for row, track in enumerate(catalogue.tracks):
            genres[row, [names[genre] for genre in track.genres]] = 1 / len(track.genres)
        return cls(
            catalogue,
            np.array([track.valence for track in catalogue.tracks]),
            np.array([track.arousal for track in catalogue.tracks]),
            genres,
        )


class SimulatedListener:
    """Hold hidden tastes, and answer by them."""

    def __init__(self, world: World, draw: np.random.Generator) -> None:
        self._world = world
        kinds = world.genres.shape[1]
        self._general = world.genres @ draw.normal(0, SPREADS["genre"], kinds)
        self._general += draw.normal(0, SPREADS["artist"], int(world.catalogue.artists.max()) + 1)[
            world.catalogue.artists
        ]
        self._in_mood = {
            (valence, arousal): world.genres @ draw.normal(0, SPREADS["genre in mood"], kinds)
            for valence in range(3)
            for arousal in range(3)
        }

    def mood_fits(self, aim: Target) -> NDArray[np.float64]:
        """Return for each track the probability that it fits the mood."""
        square = (self._world.valence - aim.point.valence) ** 2 + (self._world.arousal - aim.point.arousal) ** 2
        return np.exp(-square / REACH**2 / 2)

    def liked(self, aim: Target) -> NDArray[np.float64]:
        """Return for each track the probability that it is to her taste in this mood."""
        return 1 / (1 + np.exp(-(BASE + self._general + self._in_mood[cell_of(aim.point)])))

    def best(self, way: Sequence[Target]) -> float:
        """Return the expected number of suitable tracks in the best set, chosen greedily."""
        artists, total = self._world.catalogue.artists, 0.0
        open_tracks = np.ones(len(artists), dtype=np.bool_)
        for aim in way:
            suits = np.where(open_tracks, self.mood_fits(aim) * self.liked(aim), 0.0)
            chosen = int(suits.argmax())
            total += float(suits[chosen])
            open_tracks &= artists != artists[chosen]
        return total

    def answer(self, aim: Target, track: int, draw: np.random.Generator) -> Verdict | None:
        """Return what she says about a track, or None when she says nothing."""
        if draw.random() > ANSWERS:
            return None
        heard = self._world.catalogue.tracks[track]
        kind = draw.choice(np.array([Kind.DISLIKE, Kind.SKIP]))
        if draw.random() > self.mood_fits(aim)[track]:
            kind = Kind.NOT_THIS_MOOD
        elif draw.random() < self.liked(aim)[track]:
            kind = Kind.LIKE
        return Verdict(heard.key, heard.title, heard.artist, heard.genres, aim.point, Kind(kind))


def listen(world: World, policy: str, seed: int, rounds: int) -> NDArray[np.float64]:
    """Return the regret of each set that one policy chooses for one listener."""
    # The listener and her moods come from the seed alone, so that every policy meets the same ones.
    listener = SimulatedListener(world, np.random.default_rng((seed, 0)))
    moods = np.random.default_rng((seed, 1)).integers(len(EMOTIONS), size=rounds)
    draw = np.random.default_rng((seed, 2))
    position = {track.key: index for index, track in enumerate(world.catalogue.tracks)}
    said: list[Verdict] = []
    regrets = np.zeros(rounds)
    for turn, mood in enumerate(moods):
        emotion = EMOTIONS[int(mood)]
        way = path(target(certain(emotion)), default_mode(emotion), emotion, PER_SET)[:PER_SET]
        if policy == "random":
            chosen = [int(index) for index in draw.choice(len(world.catalogue), PER_SET, replace=False)]
        else:
            taste = Taste(said) if policy == "learning" else NO_TASTE
            ranked = rank(world.catalogue, way, count=PER_SET, seed=seed * 1000 + turn, taste=taste)
            chosen = [position[each.track.key] for each in ranked]
        found = sum(
            float(listener.mood_fits(aim)[track] * listener.liked(aim)[track])
            for aim, track in zip(way, chosen, strict=True)
        )
        regrets[turn] = listener.best(way) - found
        answers = (listener.answer(aim, track, draw) for aim, track in zip(way, chosen, strict=True))
        said += [answer for answer in answers if answer]
    return regrets


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="sets for each listener")
    parser.add_argument("--listeners", type=int, default=5, help="listeners for each seed")
    parser.add_argument("--seeds", type=int, default=4)
    arguments = parser.parse_args()
    world = World.load()
    rows: list[list[object]] = []
    figures: dict[str, Any] = {}
    tenth = max(arguments.rounds // 10, 1)
    for policy in POLICIES:
        # seeds x rounds: the mean over the listeners of a seed
        runs = np.array(
            [
                np.mean(
                    [
                        listen(world, policy, seed * arguments.listeners + listener, arguments.rounds)
                        for listener in range(arguments.listeners)
                    ],
                    axis=0,
                )
                for seed in range(arguments.seeds)
            ]
        )
        cumulative = runs.cumsum(axis=1)[:, -1]
        first, last = runs[:, :tenth].mean(), runs[:, -tenth:].mean()
        rows.append([policy, f"{cumulative.mean():.1f}", f"{cumulative.std():.1f}", f"{first:.2f}", f"{last:.2f}"])
        figures[policy] = {
            "cumulative_regret": round(float(cumulative.mean()), 2),
            "sd_over_seeds": round(float(cumulative.std()), 2),
            "regret_per_set_first_tenth": round(float(first), 3),
            "regret_per_set_last_tenth": round(float(last), 3),
        }
    table(
        f"Simulated listeners (no person took part): {arguments.seeds} seeds x {arguments.listeners} listeners x "
        f"{arguments.rounds} sets of {PER_SET}",
        ["policy", "cumulative regret", "sd over seeds", "a set, first tenth", "a set, last tenth"],
        rows,
    )
    document("learning", {**vars(arguments), "policies": figures})


if __name__ == "__main__":
    main()
