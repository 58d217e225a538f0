"""The sources of the corpus: one of each kind, with what is to become of it.

What is said of a kind is looked at in what was built (see _corpus_traits), so the table cannot say
more than there is. A mirror may lack files of a source; then another one of its kind stands in.
"""

from dataclasses import dataclass

PUBLISHED, FAILED, DEP_WAIT, REJECTED = "published", "failed", "dep_wait", "rejected"


@dataclass(frozen=True, slots=True)
class Kind:
    """One line of the corpus.

    *sources* are tried in their order, each a name or name=version; *traits* are what is looked
    at. The reason as people are told it must match the pattern *reason*. *rules* is a pair: what
    stands in debian/rules, as a pattern, and what is put there; *text* goes into the changelog.
    """

    title: str
    sources: tuple[str, ...]
    traits: tuple[str, ...] = ()
    outcome: str = PUBLISHED
    reason: str = ""
    rules: tuple[str, str] | None = None
    text: str = "Rebuilt."

    def has(self, source: str) -> bool:
        """Whether *source* is one of them."""
        return source in (name.partition("=")[0] for name in self.sources)


CORPUS = (
    Kind("Python with C, tests of minutes", ("python-cffi", "nettle"), ("any", "minutes")),
    Kind("C with configure and a manual", ("hello", "diffutils", "wget"), ("any",)),
    Kind("C for other architectures, too", ("bc", "make-dfsg"), ("foreign", "any")),
    Kind("C library with multilib", ("zlib", "expat"), ("same", "several", "udeb")),
    Kind("C library by its own rules", ("lua5.4", "xxhash"), ("same", "several")),
    Kind("C with a Makefile", ("tree", "less"), ("any",)),
    Kind("C with curses", ("sl", "less"), ("any",)),
    Kind("C with tests in shell", ("ed", "patch"), ("any",)),
    Kind("udeb", ("popt", "libmd"), ("udeb",)),
    Kind(
        "udeb left out by a profile",
        ("attr", "acl"),
        ("no udeb", "same"),
        text="MINI_BUILDD_OPTION: build-profiles=noudeb",
    ),
    Kind("native", ("hostname", "bsdmainutils"), ("native",)),
    Kind("native with several packages", ("bsdmainutils", "tinycdb"), ("native", "several")),
    Kind("format 1.0 with a diff", ("zmakebas", "chrootuid", "aa3d"), ("diff",)),
    Kind("format 1.0 and native", ("tinycdb", "electric-fence"), ("format 1.0", "native")),
    Kind(
        "several upstream tarballs, cmake",
        ("gflags", "editorconfig-core"),
        ("components", "all", "any"),
    ),
    Kind("without debhelper", ("leave", "mailto"), ("no debhelper",)),
    Kind("C++ with symbols", ("double-conversion", "snappy"), ("c++ symbols",)),
    Kind("scripts for all", ("cowsay", "libtest-fatal-perl"), ("only all",)),
    Kind("Perl", ("libjson-perl", "libtext-csv-perl"), ("only all", "perl")),
    Kind("Perl with C", ("libclone-perl", "libjson-xs-perl"), ("any", "perl")),
    Kind("Python with pybuild", ("toolz", "jinja2"), ("only all", "python")),
    Kind("Go", ("golang-github-pkg-errors", "golang-golang-x-sync"), ("only all", "go")),
    Kind(
        "tests that need the network",
        ("liblwp-protocol-https-perl",),
        outcome=FAILED,
        reason=r"(?s)failed in build.*Can't connect to www\.apache\.org",
        # What asks for it first would only leave the tests out.
        rules=(
            r"NO_NETWORK_TESTING=1 dh_auto_test",
            "sed -i /RequiresInternet/d t/apache.t && dh_auto_test",
        ),
    ),
    Kind(
        "does not compile",
        ("figlet", "sl"),
        outcome=FAILED,
        reason=r"(?s)failed in build.*\[-Werror=strict-prototypes\]",
        # Its prototypes are older than C89.
        rules=(r"\Z", "\nexport DEB_CFLAGS_APPEND = -Werror=strict-prototypes\n"),
    ),
    Kind(
        "build-dependency that is not there",
        ("jquery=3.3.1~dfsg-3", "simde=0.7.2-6", "grub2=2.06-2"),
        outcome=DEP_WAIT,
        reason=r"node-uglify|gcc-10|g\+\+-10",
    ),
    Kind(
        "for other architectures only",
        ("s390-sysconfig-writer", "s390-dasd", "flash-kernel", "partman-prep"),
        outcome=REJECTED,
        reason="nothing-to-build",
    ),
)
