"""Every page and its address."""

from django.contrib import admin
from django.urls import path
from django.utils.module_loading import import_string

from mini_buildd.flow.hosted import instance
from mini_buildd.web.views import (
    account,
    audit,
    build_acts,
    build_list,
    build_logs,
    builders,
    builds,
    changes,
    events,
    keys,
    language,
    me,
    my_keys,
    now,
    problem_list,
    queue,
    repositories,
    rights,
    snapshots,
    suites,
    uploads,
)

handler400 = "mini_buildd.web.views.problems.bad_request"
handler403 = "mini_buildd.web.views.problems.forbidden"
handler404 = "mini_buildd.web.views.problems.not_found"
handler500 = "mini_buildd.web.views.problems.broken"

urlpatterns = [
    path("", now.show, name="now"),
    path("uploads/", uploads.listing, name="uploads"),
    path("uploads/<int:upload_id>/", uploads.show, name="upload"),
    path("uploads/<int:upload_id>/cancel/", build_acts.cancel_upload, name="upload-cancel"),
    path("uploads/<int:upload_id>/retry/", build_acts.retry_upload, name="upload-retry"),
    path("builds/", build_list.show, name="builds"),
    path("builds/<int:job_id>/", builds.show, name="build"),
    path("builds/<int:job_id>/compare/", build_logs.compare, name="build-compare"),
    path("builds/<int:job_id>/log", builds.log, name="build-log"),
    path("builds/<int:job_id>/log.txt", builds.raw, name="build-raw"),
    path("builds/<int:job_id>/cancel/", build_acts.cancel, name="build-cancel"),
    path("builds/<int:job_id>/retry/", build_acts.retry, name="build-retry"),
    path("builders/<str:name>/aside/", build_acts.set_aside, name="builder-aside"),
    path("builders/<str:name>/return/", build_acts.take_back, name="builder-return"),
    path("problems/", problem_list.show, name="problems"),
    path("queue/", queue.listing, name="queue"),
    path("repositories/", repositories.listing, name="repositories"),
    path("repositories/<str:name>/", repositories.show, name="repository"),
    path("repositories/<str:name>/rights/", rights.listing, name="repository-rights"),
    path("repositories/<str:name>/rights/give/", rights.give, name="right-give"),
    path(
        "repositories/<str:name>/rights/<int:number>/withdraw/",
        rights.withdraw,
        name="right-withdraw",
    ),
    path("repositories/<str:name>/snapshots/take/", snapshots.take, name="snapshot-take"),
    path(
        "repositories/<str:name>/snapshots/<str:snapshot>/drop/",
        snapshots.drop,
        name="snapshot-drop",
    ),
    path("suites/<str:distribution>/", suites.show, name="suite"),
    path("suites/<str:distribution>/versions/", suites.versions, name="suite-versions"),
    path("suites/<str:distribution>/compare/", suites.compare, name="suite-compare"),
    path("suites/<str:distribution>/at/<str:at>.sources", suites.pinned, name="suite-sources"),
    path("suites/<str:distribution>/migrate/", changes.migrate, name="suite-migrate"),
    path("suites/<str:distribution>/remove/", changes.remove, name="suite-remove"),
    path("suites/<str:distribution>/rebuild/", changes.rebuild, name="suite-rebuild"),
    path("suites/<str:distribution>/freeze/", changes.freeze, name="suite-freeze"),
    path("suites/<str:distribution>/thaw/", changes.thaw, name="suite-thaw"),
    path("suites/<str:distribution>/<int:number>/", suites.version, name="suite-version"),
    path(
        "suites/<str:distribution>/<int:number>/packages/",
        suites.packages,
        name="suite-version-packages",
    ),
    path(
        "suites/<str:distribution>/<int:number>/rollback/",
        changes.rollback,
        name="suite-rollback",
    ),
    path("builders/", builders.listing, name="builders"),
    path("builders/chroots/<int:chroot_id>/refresh/", builders.refresh, name="chroot-refresh"),
    path("events/", events.listing, name="events"),
    path("audit/", audit.listing, name="audit"),
    path("account/login/", account.sign_in, name="sign-in"),
    path("account/logout/", account.sign_out, name="sign-out"),
    path("account/password/", account.password, name="password"),
    path("account/register/", account.register, name="register"),
    path("language/", language.choose, name="language"),
    path("me/", me.show, name="me"),
    path("me/keys/", my_keys.submit, name="key-submit"),
    path("me/keys/<str:fingerprint>/remove/", my_keys.remove, name="key-remove"),
    path("me/ssh-keys/", my_keys.add_ssh, name="ssh-key-add"),
    path("me/ssh-keys/remove/", my_keys.remove_ssh, name="ssh-key-remove"),
    path("keys/", keys.listing, name="keys"),
    path("keys/<str:fingerprint>/approve/", keys.approve, name="key-approve"),
    path("keys/<str:fingerprint>/refuse/", keys.refuse, name="key-refuse"),
    path("me/tokens/", me.make_token, name="token-make"),
    path("me/tokens/<int:token_id>/revoke/", me.revoke_token, name="token-revoke"),
    path("admin/", admin.site.urls),
]

if instance().sso.issuer:
    urlpatterns += import_string("mini_buildd.web.single_sign_on.urls")()
