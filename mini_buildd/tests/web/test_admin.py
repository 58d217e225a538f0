"""The administration: configuration is edited, keys are read, the record stays as it is."""

import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from mini_buildd.db import models
from mini_buildd.keys import gpg
from mini_buildd.tests.web.builder import Builder

CONFIGURED = (
    *("base", "chroot", "layout", "repository", "distribution", "buildneeds"),
    *("openpgpkey", "trustedkeyring", "grant"),
)
RECORDED = ("upload", "source", "job", "attempt", "publication", "snapshot", "event")


@pytest.fixture
def root(client: Client, busy: Builder) -> Client:
    """Somebody who may do everything, in an instance with something of everything."""
    del busy
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture(scope="module")
def armored(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A public key made for these tests."""
    home = tmp_path_factory.mktemp("gnupg")
    home.chmod(0o700)
    made = gpg.make_signing_key(home, "Grace Hopper", "grace@example.org", expires="1d")
    gpg.stop_agent(home)
    return gpg.export_key(home, made)


def test_nobody_gets_in_without_an_account(client: Client, db: None) -> None:
    del db
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1] == ("/account/login/?next=%2Fadmin%2F", 302)
    assert answer.status_code == 200


def test_the_index_is_grouped_by_what_tables_are_for(root: Client) -> None:
    html = root.get("/admin/").content.decode()
    groups = ("What packages are built for", "What is published", "Who may upload", "What happened")
    places = [html.index(group) for group in groups]
    assert places == sorted(places)


@pytest.mark.parametrize("table", [*CONFIGURED, *RECORDED])
def test_every_table_lists_searches_and_shows_a_row(root: Client, table: str) -> None:
    assert root.get(f"/admin/mini_buildd/{table}/?q=test").status_code == 200
    row = getattr(models, {cls.lower(): cls for cls in models.__all__}[table]).objects.first()
    if row is not None:
        assert root.get(f"/admin/mini_buildd/{table}/{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("table", CONFIGURED)
def test_configuration_can_be_added(root: Client, table: str) -> None:
    assert root.get(f"/admin/mini_buildd/{table}/add/").status_code == 200


@pytest.mark.parametrize("table", RECORDED)
def test_the_record_can_be_neither_added_to_nor_changed_nor_deleted(
    root: Client, table: str
) -> None:
    row = getattr(models, table.capitalize()).objects.first()
    place = f"/admin/mini_buildd/{table}"
    assert root.get(f"{place}/add/").status_code == 403
    assert root.post(f"{place}/{row.pk}/change/", {}).status_code == 403
    assert root.post(f"{place}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def save_key(root: Client, text: str) -> str:
    """Give the uploader one more key; what the page says to it."""
    form = {"user": User.objects.get(username="ada").pk, "armored": text, "is_active": "on"}
    answer = root.post("/admin/mini_buildd/openpgpkey/add/", form, follow=True)
    return answer.content.decode()


def test_a_key_is_read_out_of_its_text(root: Client, armored: str) -> None:
    assert "was added successfully" in save_key(root, armored)
    key = models.OpenPGPKey.objects.latest("pk")
    assert key.uid == "Grace Hopper <grace@example.org>"
    assert len(key.fingerprint) == 40
    assert "already" in save_key(root, armored)


@pytest.mark.parametrize("text", ["nothing", "-----BEGIN PGP PRIVATE KEY BLOCK-----"])
def test_what_is_no_public_key_is_refused_in_words(root: Client, text: str) -> None:
    assert "This is not one OpenPGP public key" in save_key(root, text)
    assert models.OpenPGPKey.objects.count() == 1


def test_a_keys_other_fields_change_without_touching_the_key(root: Client) -> None:
    key = models.OpenPGPKey.objects.get()
    form = {"user": key.user_id, "armored": key.armored}
    root.post(f"/admin/mini_buildd/openpgpkey/{key.pk}/change/", form)
    changed = models.OpenPGPKey.objects.get()
    assert (changed.fingerprint, changed.is_active) == (key.fingerprint, False)


def test_a_distribution_gets_its_name_from_its_parts(root: Client) -> None:
    made = models.Distribution.objects.get(name="trixie-test-unstable")
    html = root.get(f"/admin/mini_buildd/distribution/{made.pk}/change/").content.decode()
    assert "trixie-test-unstable" in html
    assert 'name="name"' not in html


def test_the_static_folders_are_there() -> None:
    from mini_buildd.web.application import static_folders  # noqa: PLC0415  # needs Django set up

    folders = static_folders()
    assert (folders["mini_buildd"] / "style.css").is_file()
    assert (folders["admin"] / "css" / "base.css").is_file()
    assert all(isinstance(folder, Path) for folder in folders.values())


def test_snippets_of_a_chroot_are_ticked_and_unknown_ones_refused_by_name(root: Client) -> None:
    chroot = models.Chroot.objects.get(architecture="amd64")
    place = f"/admin/mini_buildd/chroot/{chroot.pk}/change/"
    html = root.get(place).content.decode()
    assert html.count(" checked") == 3  # active, and two snippets
    form: dict[str, object] = {
        "base": chroot.base_id,
        "architecture": "amd64",
        "backend": "unshare",
        "is_active": "on",
        "maker": "debootstrap",
        "setup": "touch /x",
        "refresh_hours": 48,
        "weight": 0,
    }
    told = root.post(place, {**form, "snippets": ["ccache", "turbo"]}).content.decode()
    assert "turbo is not one of the available choices" in told
    root.post(place, {**form, "snippets": ["ccache", "fakeroot"]})
    chroot.refresh_from_db()
    assert (chroot.maker, chroot.snippets, chroot.refresh_hours) == (
        "debootstrap",
        "ccache fakeroot",
        48,
    )
    assert chroot.generation


def test_a_trusted_keyring_is_a_file_that_is_one(
    root: Client, armored: str, tmp_path: Path
) -> None:
    no_keyring, keyring = tmp_path / "text", tmp_path / "keys.gpg"
    no_keyring.write_text("Hello")
    keyring.write_bytes(dearmored(armored))
    broken = tmp_path / "dm.txt"
    broken.write_text("Allow: hello\n")
    place = "/admin/mini_buildd/trustedkeyring/add/"
    for path, permissions, said in (
        (no_keyring, "", "This is no keyring"),
        (tmp_path / "nowhere", "", "This is no keyring"),
        (keyring, str(broken), "This cannot be read"),
    ):
        form = {"name": "friends", "path": str(path), "permissions": permissions}
        assert said in root.post(place, form, follow=True).content.decode()
    assert not models.TrustedKeyring.objects.exists()
    root.post(place, {"name": "friends", "path": str(keyring), "is_active": "on"})
    assert models.TrustedKeyring.objects.get().path == str(keyring)


def dearmored(text: str) -> bytes:
    """The bytes of an armored key."""
    run = subprocess.run(
        ["gpg", "--dearmor"], input=text.encode("ascii"), check=True, capture_output=True
    )
    return run.stdout


def places_of(table: str) -> list[str]:
    """The addresses of a table's forms: to add, and of its first row."""
    row = getattr(models, {cls.lower(): cls for cls in models.__all__}[table]).objects.first()
    found = [f"/admin/mini_buildd/{table}/add/"]
    return [*found, f"/admin/mini_buildd/{table}/{row.pk}/change/"] if row else found


@pytest.mark.parametrize("table", CONFIGURED)
def test_every_field_that_is_asked_for_says_what_it_is_for(root: Client, table: str) -> None:
    for place in places_of(table):
        answer = root.get(place)
        forms = [answer.context["adminform"].form]
        forms += [inline.formset.empty_form for inline in answer.context["inline_admin_formsets"]]
        for form in forms:
            hidden = {each.name for each in form.hidden_fields()} | {"DELETE"}
            silent = [each.name for each in form if not each.help_text and each.name not in hidden]
            assert silent == [], place


def test_what_a_row_is_used_by_is_told_with_the_way_there(root: Client) -> None:
    base = models.Base.objects.get()
    words = f"{models.Distribution.objects.count()} distributions"
    address = f"/admin/mini_buildd/distribution/?base__id__exact={base.pk}"
    for place in ("/admin/mini_buildd/base/", f"/admin/mini_buildd/base/{base.pk}/change/"):
        html = root.get(place).content.decode()
        assert f'<a href="{address}">{words}</a>' in html, place
    assert root.get(address).context["cl"].result_count == models.Distribution.objects.count()
    models.Base.objects.create(codename="bookworm", version_code="12")
    assert (
        '<span class="quiet">nothing</span>'
        in root.get("/admin/mini_buildd/base/").content.decode()
    )


def act_on(root: Client, table: str, action: str, *keys: int, **more: str) -> str:
    """Choose *action* for rows that are ticked; what is shown then."""
    form = {"action": action, "_selected_action": [str(key) for key in keys], **more}
    return root.post(f"/admin/{table}/", form, follow=True).content.decode()


def test_an_action_says_what_it_will_do_before_it_does_it(root: Client, wakes: list[str]) -> None:
    del wakes  # an instance that pages can change
    chroot = models.Chroot.objects.get(architecture="amd64")
    asked = act_on(root, "mini_buildd/chroot", "rest", chroot.pk)
    assert "No new build starts from them" in asked
    assert str(chroot) in asked
    chroot.refresh_from_db()
    assert chroot.is_active
    act_on(root, "mini_buildd/chroot", "rest", chroot.pk, is_sure="yes")
    assert models.Chroot.objects.filter(pk=chroot.pk, is_active=False).exists()
    entry = models.AuditEntry.objects.latest("pk")
    assert (entry.who, entry.act, entry.name) == ("root", "changed", str(chroot))
    assert (entry.before, entry.after) == ({"is_active": True}, {"is_active": False})
    act_on(root, "mini_buildd/chroot", "make_anew", chroot.pk, is_sure="yes")
    chroot.refresh_from_db()
    assert chroot.asked_at is not None


def test_who_switches_accounts_off_stays_in(root: Client) -> None:
    everybody = [user.pk for user in User.objects.all()]
    act_on(root, "auth/user", "switch_off", *everybody, is_sure="yes")
    assert [user.username for user in User.objects.filter(is_active=True)] == ["root"]
    assert root.get("/admin/").status_code == 200


def test_the_settings_are_searched_in_one_go(root: Client) -> None:
    html = root.get("/admin/find/?q=trixie").content.decode()
    for found in ("Debian trixie", "trixie-test-unstable", "trixie amd64 (unshare)"):
        assert f">{found}</a>" in html
    assert "All that are found" not in html
    for name in "abcdefghi":
        models.Base.objects.create(codename=f"trixie{name}", version_code="1")
    more = root.get("/admin/find/?q=trixie").content.decode()
    assert '<a href="/admin/mini_buildd/base/?q=trixie">All that are found</a>' in more
    nothing = root.get("/admin/find/?q=%3Cb%3E").content.decode()
    assert "“&lt;b&gt;”" in nothing


def test_a_row_leads_to_its_own_page(root: Client) -> None:
    made = models.Distribution.objects.get(name="trixie-test-unstable")
    html = root.get(f"/admin/mini_buildd/distribution/{made.pk}/change/").content.decode()
    assert "/suites/trixie-test-unstable/" in html
