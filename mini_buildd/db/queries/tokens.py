"""API tokens, as their owners see them: never what would let somebody in."""

from dataclasses import dataclass
from datetime import datetime

from mini_buildd.db.models import ApiToken


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A token of *owner*; *hint* is how it begins, *expires_at* None when it does not end."""

    id: int
    owner: str
    name: str
    hint: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        """Whether it lets somebody in *at* this moment."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


def token_row(row: ApiToken) -> TokenRow:
    """*row* without its digest."""
    return TokenRow(
        id=row.pk,
        owner=row.user.get_username(),
        name=row.name,
        hint=row.hint,
        scopes=tuple(row.scopes.split()),
        made_at=row.made_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )


def list_tokens(owner: str) -> tuple[TokenRow, ...]:
    """The tokens of the account *owner*, the newest first."""
    rows = ApiToken.objects.filter(user__username=owner).select_related("user")
    return tuple(map(token_row, rows.order_by("-pk")))
