"""Read queries on who may upload what."""

from dataclasses import dataclass

from mini_buildd.db.models import OpenPGPKey, Repository


@dataclass(frozen=True, slots=True)
class Signer:
    """A known key, whose it is, and where it is let in; the archive's own has no *key_id*."""

    key_id: int | None
    uploader: str
    repositories: frozenset[str]

    @property
    def is_archive(self) -> bool:
        """Whether the archive itself has signed."""
        return self.key_id is None


def active_keys() -> list[str]:
    """The armored public keys whose signatures count."""
    keys = OpenPGPKey.objects.filter(is_active=True, uploader__user__is_active=True)
    return list(keys.order_by("fingerprint").values_list("armored", flat=True))


def find_signer(fingerprint: str) -> Signer | None:
    """Whose key it is, if it counts."""
    key = (
        OpenPGPKey.objects.filter(
            fingerprint=fingerprint, is_active=True, uploader__user__is_active=True
        )
        .select_related("uploader__user")
        .first()
    )
    if key is None:
        return None
    names = key.uploader.repositories.values_list("name", flat=True)
    return Signer(key.pk, key.uploader.user.get_username(), frozenset(names))


def archive_itself(identity: str) -> Signer:
    """The instance called *identity* as the signer of its own keyring package."""
    names = Repository.objects.values_list("name", flat=True)
    return Signer(None, f"the archive {identity}", frozenset(names))
