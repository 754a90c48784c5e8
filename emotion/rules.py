"""The retention rules of captures, crops, samples and networks."""

from __future__ import annotations

from django.conf import settings

from emotion import services
from emotion.samples.services import samples_expire, samples_past_term
from emotion.versions.services import versions_expire, versions_overdue
from privacy.registry import RetentionRule, register_rule


def register_all() -> None:
    """Declare the terms."""
    register_rule(
        RetentionRule(
            name="unkept_readings",
            what="Readings of people who did not want a history",
            term=f"{settings.UNKEPT_READING_MINUTES} minutes",
            due=lambda: services.captures_past_term().count(),
            apply=services.captures_expire,
        )
    )
    register_rule(
        RetentionRule(
            name="crops",
            what="Crops of faces",
            term="as long as the person chose, 0 days unless she did",
            due=lambda: services.crops_past_term().count(),
            apply=services.crops_expire,
        )
    )
    register_rule(
        RetentionRule(
            name="unlabelled_samples",
            what="Aligned faces that the network might learn from, to which their person has said nothing",
            term=f"{settings.SAMPLE_WAITING_DAYS} days",
            due=lambda: samples_past_term().count(),
            apply=samples_expire,
        )
    )
    register_rule(
        RetentionRule(
            name="overdue_versions",
            what="Networks that learned from somebody who withdrew, once another one reads",
            term=f"{settings.MODEL_RETIRE_DAYS} days",
            due=lambda: len(versions_overdue()),
            apply=versions_expire,
        )
    )
