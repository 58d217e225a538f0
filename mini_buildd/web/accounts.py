"""The administration of accounts and groups: Django's own, with what is done noted."""

from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from mini_buildd.web.audited import Audited


class AccountAdmin(Audited, UserAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Accounts."""

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  # Django calls it so
        form_url: str = "",
    ) -> HttpResponse:
        """A new password, and the note of it: both or none (UserAdmin)."""
        with transaction.atomic():
            self.look_before(request, self.get_object(request, unquote(id)))
            return super().user_change_password(request, id, form_url)


class AccountGroupAdmin(Audited, GroupAdmin):
    """Groups."""
