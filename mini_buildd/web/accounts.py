"""The administration of accounts and groups: Django's own, with what is done noted."""

from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from mini_buildd.db.models import Grant, OpenPGPKey
from mini_buildd.web.audited import Audited
from mini_buildd.web.configuration import RIGHTS
from mini_buildd.web.list_actions import asks_first
from mini_buildd.web.used_by import Use, UsedBy

MEMBERS = ngettext_lazy("%d member", "%d members")
KEYS = ngettext_lazy("%d key", "%d keys")


class AccountAdmin(UsedBy, Audited, UserAdmin):  # type: ignore[type-arg]  # not subscriptable when it runs
    """Accounts."""

    list_display = ("username", "email", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    search_fields = ("username", "email")
    actions = ("switch_on", "switch_off")
    uses = (
        Use(Grant, "user", lambda count: RIGHTS % count),
        Use(OpenPGPKey, "user", lambda count: KEYS % count),
    )

    @asks_first(_("Switch them on"), _("They may sign in and upload again, by what they had."))
    def switch_on(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Let them in."""
        self.switch(request, rows, is_active=True)

    @asks_first(
        _("Switch them off"),
        _(
            "They cannot sign in any more, their tokens, SSH keys and OpenPGP keys count for "
            "nothing, and what they are doing now ends. What they did stays. Your own account "
            "is left as it is."
        ),
    )
    def switch_off(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Let them in no more, but never lock out who asks."""
        self.switch(request, rows.exclude(username=request.user.get_username()), is_active=False)

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


class AccountGroupAdmin(UsedBy, Audited, GroupAdmin):
    """Groups."""

    uses = (
        Use(User, "groups", lambda count: MEMBERS % count),
        Use(Grant, "group", lambda count: RIGHTS % count),
    )
