"""The programs that builds are made with, the package each is in, and since when it will do."""

from mini_buildd.domain.program import Program

NEEDED = (
    Program("sbuild", "sbuild", "builds", least="0.85"),
    Program("mmdebstrap", "mmdebstrap", "makes what builds start from"),
    Program("apt-get", "apt", "fetches packages"),
    Program("apt-ftparchive", "apt-utils", "sbuild's own archive of build dependencies"),
    Program("dpkg-source", "dpkg-dev", "unpacks source packages"),
    Program("gpg", "gnupg", "verifies and signs"),
    Program("gpgv", "gpgv", "verifies the base archive"),
    Program("tar", "tar", "unpacks what builds start from"),
    Program("zstd", "zstd", "the same"),
    Program("unshare", "util-linux", "namespaces of subordinate ids", least="2.38"),
    Program("nsenter", "util-linux", "enters them", least="2.38"),
    Program("prlimit", "util-linux", "limits on what a build uses"),
    Program("perl", "perl", "sbuild is written in it", ("-e", "printf '%vd', $^V")),
)

OPTIONAL = (
    Program("dose-debcheck", "dose-distcheck", "tells what a change of a suite would break"),
    Program("debootstrap", "debootstrap", "the other way to make chroots"),
    Program("arch-test", "arch-test", "mmdebstrap asks it about i386 and other architectures"),
    Program("schroot", "schroot", "the other backend", ("--version",)),
)

SCHROOT = Program("schroot", "schroot", "the backend that is configured")


def programs(*, backend: str) -> tuple[Program, ...]:
    """All that is looked for; what is optional is not needed."""
    optional = tuple(
        Program(each.name, each.package, each.use, each.asks, each.least, is_needed=False)
        for each in OPTIONAL
        if not (backend == "schroot" and each.name == "schroot")
    )
    return (*NEEDED, *((SCHROOT,) if backend == "schroot" else ()), *optional)
