"""Sessions that are over: nobody is in by them, so they need not be kept."""

from django.contrib.sessions.models import Session
from django.utils.timezone import now


def forget_old_sessions() -> None:
    """Remove them."""
    Session.objects.filter(expire_date__lt=now()).delete()
