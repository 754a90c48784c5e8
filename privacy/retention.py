"""Delete what has passed its term: the policy is the rules that the apps registered, and this job enforces it."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from privacy.registry import rules

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Enforced:
    """Tell what one rule did, or in a dry run would have done."""

    rule: str
    what: str
    term: str
    count: int


def retention_enforce(*, dry_run: bool = False) -> list[Enforced]:
    """Apply every rule, or only count what it would delete.

    A rule that fails keeps no other from being kept to. Raises ExceptionGroup with all failures, once the rest is done.
    """
    done, failures = [], []
    for rule in rules():
        try:
            done.append(Enforced(rule.name, rule.what, rule.term, rule.due() if dry_run else rule.apply()))
        except Exception as error:
            logger.exception("retention_rule_failed", rule=rule.name)
            failures.append(error)
    logger.info("retention_enforced", dry_run=dry_run, **{each.rule: each.count for each in done})
    if failures:
        raise ExceptionGroup("retention rules failed", failures)
    return done
