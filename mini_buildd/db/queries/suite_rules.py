"""The rules of a suite, for people to read."""

from dataclasses import dataclass

from mini_buildd.db.models import Distribution
from mini_buildd.domain.upload_rules import SignaturePolicy


@dataclass(frozen=True, slots=True)
class SuiteRules:
    """What holds for uploads, for migration, for apt, and how long what is replaced is kept."""

    accepts_uploads: bool
    is_open: bool
    signature_policy: SignaturePolicy
    accepts_ready_made: bool
    checks_installability: bool
    ignores_failed_checks: bool
    not_automatic: bool
    but_automatic_upgrades: bool
    kept_versions: int
    kept_rollbacks: int
    valid_days: int | None


def rules_of(row: Distribution) -> SuiteRules:
    """The rules of a distribution, which comes with its suite and its repository."""
    suite, repository = row.suite, row.repository
    return SuiteRules(
        accepts_uploads=suite.accepts_uploads,
        is_open=repository.is_open,
        signature_policy=SignaturePolicy(repository.signature_policy),
        accepts_ready_made=suite.accepts_ready_made,
        checks_installability=suite.checks_installability,
        ignores_failed_checks=suite.ignores_failed_checks,
        not_automatic=suite.not_automatic,
        but_automatic_upgrades=suite.but_automatic_upgrades,
        kept_versions=suite.kept_versions,
        kept_rollbacks=suite.kept_rollbacks,
        valid_days=suite.valid_days,
    )
