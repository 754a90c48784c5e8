"""A way that goes on from tracks that were heard."""

from ml.types import Emotion
from recommendations.catalogue import STARTER, Catalogue, read_catalogue
from recommendations.circumplex import CALM, Mode, Point, Target
from recommendations.planning import certain, follow, plan
from recommendations.replanning import ahead

CATALOGUE = Catalogue(read_catalogue(STARTER))


def test_the_rest_of_a_way_counts_on_and_repeats_nothing():
    begun = plan(CATALOGUE, certain(Emotion.ANGER), Emotion.ANGER, mode=Mode.MATCH, count=4, seed=1)
    heard = [each.ranked.track.key for each in begun.tracks]
    way = ahead(Target(begun.start), Mode.SHIFT, Emotion.ANGER, 5)
    rest = follow(CATALOGUE, way, Mode.SHIFT, Emotion.ANGER, count=len(way), seed=2, first=5, without=heard)

    assert [each.ranked.rank for each in rest] == [5, 6, 7, 8, 9]
    assert not {each.ranked.track.key for each in rest} & set(heard)
    assert rest[-1].ranked.target == CALM
    assert all("Starts close" not in each.reason for each in rest)


def test_reasons_speak_of_the_rank_that_is_shown():
    way = [Target(Point(0.9, 0.7))] * 3
    first, later = (
        follow(CATALOGUE, way, Mode.LIFT, Emotion.NEUTRAL, count=3, seed=3, first=first) for first in (1, 2)
    )
    openings = [each.reason.split(":")[0] for each in (*first, *later)]
    assert openings[1:3] == openings[3:5]
