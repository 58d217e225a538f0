"""A directory of its own: a real slapd with some people and groups in it."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_buildd.tests.instance import free_port, wait_for

BASE = "dc=example,dc=org"
ROOT_PASSWORD = "the root of it"

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/slapd.pid
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
rootpw "{password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by users read
"""

_PEOPLE = """
dn: {base}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{base}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{base}
objectClass: organizationalUnit
ou: groups
"""

_PERSON = """
dn: uid={name},ou=people,{base}
objectClass: inetOrgPerson
uid: {name}
uid: {name}.other
cn: {name} Example
sn: Example
givenName: {name}
mail: {name}@example.org
userPassword: {name} of LDAP
"""

_GROUP = """
dn: cn={name},ou=groups,{base}
objectClass: groupOfNames
cn: {name}
member: uid={member},ou=people,{base}
"""


@contextmanager
def directory(folder: Path, people: list[str], groups: dict[str, str]) -> Iterator[str]:
    """The URL of one with these *people*, each with the password "NAME of LDAP".

    Each is also called NAME.other there.
    """
    folder.mkdir()
    (folder / "data").mkdir()
    configuration = folder / "slapd.conf"
    configuration.write_text(
        _CONFIGURATION.format(folder=folder, base=BASE, password=ROOT_PASSWORD)
    )
    configuration.chmod(0o600)
    url = f"ldap://127.0.0.1:{free_port()}"
    slapd = shutil.which("slapd", path="/usr/sbin:/usr/bin")
    if slapd is None:
        raise AssertionError("slapd is not installed")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [slapd, "-f", str(configuration), "-h", url, "-d", "0"], stdout=log, stderr=log
        ) as process,
    ):
        try:
            texts = [_PERSON.format(name=name, base=BASE) for name in people]
            texts += [
                _GROUP.format(name=name, member=who, base=BASE) for name, who in groups.items()
            ]
            ldif = "\n".join([_PEOPLE.format(base=BASE), *texts])
            wait_for("the directory is filled", lambda: _fill(url, ldif), seconds=20)
            yield url
        finally:
            process.terminate()


def _fill(url: str, ldif: str) -> bool:
    root = ["-x", "-H", url, "-D", f"cn=root,{BASE}", "-w", ROOT_PASSWORD]
    done = subprocess.run(
        ["ldapadd", "-c", *root], input=ldif, text=True, capture_output=True, check=False
    )
    return done.returncode == 0
