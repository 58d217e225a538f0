"""After an instance was restored: what was not saved is to be made anew."""

from mini_buildd.db.models import Chroot
from mini_buildd.kit.clock import Clock


def forget_what_is_gone(clock: Clock) -> int:
    """Let the daemon make the chroots anew; so many there are."""
    rows = Chroot.objects.filter(backend="unshare", made_at__isnull=False)
    return rows.update(made_at=None, generation="", asked_at=clock())
