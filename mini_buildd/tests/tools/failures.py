"""How builds of many kinds fail: what stands at the end of the phase "Build" of their logs.

Each has the text, and the lines that tell a person why.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mini_buildd.tests.web import logs

_MAKE = (
    "make: *** [debian/rules:4: binary] Error 2\n"
    "dpkg-buildpackage: error: debian/rules binary subprocess returned exit status 2\n"
)
_TRAILER = (
    f"{'-' * 80}\nBuild finished at 2026-11-20T16:11:19Z\n\nFinished\n--------\n\n"
    "E: Build failure (dpkg-buildpackage died)\n\n"
)
_TEST = "   dh_auto_test\n"


@dataclass(frozen=True, slots=True)
class Failure:
    """What the package says last, and of that the lines that the excerpt must have."""

    text: str
    tells: tuple[str, ...]

    @property
    def log(self) -> str:
        """The whole log."""
        return (
            logs.opening("foo", "1.0-1", "amd64")
            + "checking for libpng... gcc: error: none.c: No such file or directory\nno\n"
            + "   dh_auto_build\n"
            + logs.compiling(300)
            + self.text
            + _MAKE
            + _TRAILER
            + logs.summary(Status="attempted", Fail_Stage="build")
        )


FAILURES: Mapping[str, Failure] = {
    "compiler": Failure(
        "gcc -g -O2 -o a a.c\na.c: In function 'main':\n"
        "a.c:2:44: error: 'y' undeclared (first use in this function)\n"
        '    2 | int main(void) { int x = 1; printf("%d\\n", y); return foo(x); }\n'
        "      |                                            ^\n"
        "a.c:2:44: note: each undeclared identifier is reported only once\n"
        "make[1]: *** [Makefile:3: a] Error 1\nmake[1]: *** Waiting for unfinished jobs....\n"
        + logs.compiling(40)
        + "make[1]: Leaving directory '/<<PKGBUILDDIR>>'\n"
        "dh_auto_build: error: make -j2 returned exit code 2\n",
        ("a.c:2:44: error: 'y' undeclared (first use in this function)",),
    ),
    "linker": Failure(
        "gcc -g -O2 -o b b.c\n/usr/bin/ld: /tmp/ccwIsifI.o: in function `main':\n"
        "./b.c:1: undefined reference to `bar'\n"
        "collect2: error: ld returned 1 exit status\nmake[1]: *** [Makefile:5: b] Error 1\n",
        ("./b.c:1: undefined reference to `bar'", "gcc -g -O2 -o b b.c"),
    ),
    "automake": Failure(
        _TEST
        + "\tmake -j2 check\nPASS: test-one\nFAIL: test-two\nPASS: test-three\n"
        + "=" * 76
        + "\nTestsuite summary for foo 1.0\n"
        + "=" * 76
        + "\n# TOTAL: 3\n# PASS:  2\n# SKIP:  0\n# XFAIL: 0\n# FAIL:  1\n# XPASS: 0\n# ERROR: 0\n"
        + "=" * 76
        + "\nSee ./test-suite.log\nmake[2]: *** [Makefile:598: test-suite.log] Error 1\n"
        "make[1]: *** [Makefile:706: check-am] Error 2\n"
        "dh_auto_test: error: make -j2 check returned exit code 2\n",
        ("FAIL: test-two", "See ./test-suite.log"),
    ),
    "pytest": Failure(
        _TEST
        + "collected 3 items\n\ntest_x.py .F.                          [100%]\n\n"
        + "=================================== FAILURES ===================================\n"
        "_________________________________ test_answer __________________________________\n\n"
        "    def test_answer():\n>       assert answer() == 42\nE       assert 41 == 42\n"
        "E        +  where 41 = answer()\n\ntest_x.py:5: AssertionError\n"
        "=========================== short test summary info ============================\n"
        "FAILED test_x.py::test_answer - assert 41 == 42\n"
        "========================= 1 failed, 2 passed in 0.51s ==========================\n"
        "E: pybuild pybuild:395: test: plugin distutils failed with: exit code=1\n"
        'dh_auto_test: error: pybuild --test -i python{version} -p "3.13" returned exit code 13\n',
        (
            "E       assert 41 == 42",
            ">       assert answer() == 42",
            "FAILED test_x.py::test_answer - assert 41 == 42",
        ),
    ),
    "unittest": Failure(
        _TEST
        + "F...\n"
        + "=" * 70
        + "\nFAIL: test_sum (test_x.T.test_sum)\n"
        + "-" * 70
        + "\nTraceback (most recent call last):\n"
        '  File "./test_x.py", line 8, in test_sum\n    self.assertEqual(1+1, 3)\n'
        "AssertionError: 2 != 3\n\n"
        + "-" * 70
        + "\nRan 4 tests in 0.000s\n\nFAILED (failures=1)\n",
        ("FAIL: test_sum (test_x.T.test_sum)", "AssertionError: 2 != 3"),
    ),
    "ctest": Failure(
        _TEST + "    Start 1: good\n1/3 Test #1: good ......................   Passed    0.00 sec\n"
        "    Start 2: bad\n2/3 Test #2: bad .......................***Failed    0.00 sec\n"
        "wrong answer: 41 != 42\n\n    Start 3: crash\n"
        "3/3 Test #3: crash .....................***Exception: SegFault  0.00 sec\n\n\n"
        "33% tests passed, 2 tests failed out of 3\n\nTotal Test time (real) =   0.00 sec\n\n"
        "The following tests FAILED:\n\t  2 - bad (Failed)\n\t  3 - crash (SEGFAULT)\n"
        "Errors while running CTest\nmake[1]: *** [Makefile:71: test] Error 8\n",
        ("wrong answer: 41 != 42", "The following tests FAILED:", "\t  3 - crash (SEGFAULT)"),
    ),
    "meson": Failure(
        _TEST + "1/3 foo:one   OK              0.01s\n"
        "2/3 foo:two   FAIL            0.02s   exit status 1\n"
        ">>> MALLOC_PERTURB_=12 /<<PKGBUILDDIR>>/obj/two\n"
        "3/3 foo:three OK              0.01s\n\nSummary of Failures:\n\n"
        "2/3 foo:two   FAIL            0.02s   exit status 1\n\n"
        "Ok:                 2   \nExpected Fail:      0   \nFail:               1   \n"
        "Full log written to /<<PKGBUILDDIR>>/obj/meson-logs/testlog.txt\n"
        "\tcd obj && tail -v -n +0 meson-logs/testlog.txt\n"
        "dh_auto_test: error: cd obj && meson test returned exit code 1\n",
        ("2/3 foo:two   FAIL            0.02s   exit status 1",),
    ),
    "go": Failure(
        _TEST + "\tcd obj && go test -vet=off -v -p 2 example.org/foo\n=== RUN   TestSum\n"
        "    sum_test.go:6: got 3, want 2\n--- FAIL: TestSum (0.00s)\nFAIL\n"
        "FAIL\texample.org/foo\t0.002s\nFAIL\n"
        "dh_auto_test: error: cd obj && go test returned exit code 1\n",
        ("    sum_test.go:6: got 3, want 2", "--- FAIL: TestSum (0.00s)"),
    ),
    "perl": Failure(
        _TEST + "t/00-load.t .. ok\n\n#   Failed test 'the answer'\n#   at t/01-sum.t line 5.\n"
        "#          got: '41'\n#     expected: '42'\n# Looks like you failed 1 test of 3.\n"
        "t/01-sum.t ... \nDubious, test returned 1 (wstat 256, 0x100)\nFailed 1/3 subtests\n\n"
        "Test Summary Report\n-------------------\n"
        "t/01-sum.t (Wstat: 256 (exited 1) Tests: 3 Failed: 1)\n  Failed test:  2\n"
        "Files=2, Tests=4,  0 wallclock secs\nResult: FAIL\n"
        "Failed 1/2 test programs. 1/4 subtests failed.\n"
        "make[1]: *** [Makefile:851: test_dynamic] Error 255\n",
        ("#   Failed test 'the answer'", "#          got: '41'", "Result: FAIL"),
    ),
    "missing files": Failure(
        "   dh_install\n"
        'dh_install: warning: Cannot find (any matches for) "usr/bin/foo2" (tried in .)\n\n'
        "dh_install: warning: foo-tools missing files: usr/bin/foo2\n"
        "dh_install: error: missing files, aborting\n",
        (
            "dh_install: warning: foo-tools missing files: usr/bin/foo2",
            "dh_install: error: missing files, aborting",
        ),
    ),
    "not installed": Failure(
        "   dh_missing\n"
        "dh_missing: warning: usr/x exists in debian/tmp but is not installed to anywhere \n"
        "dh_missing: error: missing files, aborting\n",
        ("dh_missing: warning: usr/x exists in debian/tmp but is not installed to anywhere ",),
    ),
    "symbols": Failure(
        "   dh_makeshlibs\ndpkg-gensymbols: error: some symbols or patterns disappeared in the"
        " symbols file: see diff output below\n"
        "dpkg-gensymbols: warning: debian/libfoo1/DEBIAN/symbols doesn't match completely"
        " debian/libfoo1.symbols\n"
        "--- debian/libfoo1.symbols (libfoo1_1.0-1_amd64)\n"
        "+++ dpkg-gensymbolsiWL0u6\t2026-11-20 16:26:44.969073790 +0000\n@@ -1,3 +1,4 @@\n"
        " libfoo.so.1 libfoo1 #MINVER#\n  foo@Base 1.0\n- old@Base 1.0\n+ fresh@Base 1.0-1\n"
        "+#MISSING: 1.0-1# old@Base 1.0\ndh_makeshlibs: error: failing due to earlier errors\n",
        ("- old@Base 1.0",),
    ),
    "patch": Failure(
        "dpkg-source: info: applying bad.patch\npatching file file.txt\nHunk #1 FAILED at 1.\n"
        "1 out of 1 hunk FAILED\n"
        "dpkg-source: info: the patch has fuzz which is not allowed, or is malformed\n"
        "dpkg-source: info: restoring quilt backup files for bad.patch\n"
        "dpkg-source: error: LC_ALL=C patch -t -F 0 -N -p1 < foo-1.0/debian/patches/bad.patch"
        " subprocess returned exit status 1\n",
        ("dpkg-source: info: applying bad.patch", "Hunk #1 FAILED at 1."),
    ),
    "no room": Failure(
        "/usr/bin/ld: final link failed: No space left on device\n"
        "collect2: error: ld returned 1 exit status\nmake[1]: *** [Makefile:5: b] Error 1\n",
        ("/usr/bin/ld: final link failed: No space left on device",),
    ),
    "no memory": Failure(
        "g++: fatal error: Killed signal terminated program cc1plus\ncompilation terminated.\n"
        "ninja: build stopped: subcommand failed.\n",
        ("g++: fatal error: Killed signal terminated program cc1plus",),
    ),
    "no network": Failure(
        _TEST + "test_fetch (net.T) ... ERROR\nTraceback (most recent call last):\n"
        '  File "./net.py", line 3, in test_fetch\n'
        "socket.gaierror: [Errno -3] Temporary failure in name resolution\n",
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution",),
    ),
    "configure": Failure(
        "   dh_auto_configure\nchecking for pkg-config... /usr/bin/pkg-config\n"
        "configure: error: Package requirements (libbar >= 2) were not met\n"
        "dh_auto_configure: error: ./configure --build=x86_64-linux-gnu returned exit code 1\n",
        ("configure: error: Package requirements (libbar >= 2) were not met",),
    ),
    "silence": Failure(
        _TEST + "\tmake -j2 check\nwaiting for the other side\n",
        ("waiting for the other side",),
    ),
    "silence at last": Failure(
        _TEST
        + "\tmake -j2 check\n"
        + "it prints and prints\n" * 90
        + "\nmini-buildd: its log said nothing for 150 minutes\n",
        ("mini-buildd: its log said nothing for 150 minutes", "it prints and prints"),
    ),
}
