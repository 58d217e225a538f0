"""All the doors that are tried."""

from mini_buildd.tests.fuzz.archives import ARCHIVES
from mini_buildd.tests.fuzz.control import CONTROL
from mini_buildd.tests.fuzz.ftp import FTP
from mini_buildd.tests.fuzz.http import HTTP
from mini_buildd.tests.fuzz.names import NAMES
from mini_buildd.tests.fuzz.packages import PACKAGES
from mini_buildd.tests.fuzz.settings import SETTINGS
from mini_buildd.tests.fuzz.sftp import SFTP
from mini_buildd.tests.fuzz.signed import signed_targets
from mini_buildd.tests.fuzz.target import Target


def all_targets() -> dict[str, Target]:
    """By their names."""
    targets = (
        NAMES,
        *CONTROL,
        *PACKAGES,
        *ARCHIVES,
        SETTINGS,
        *FTP,
        *HTTP,
        *SFTP,
        *signed_targets(),
    )
    return {target.name: target for target in targets}
