"""Logs as sbuild 0.85 writes them, shortened, with the texts of a package put in."""

WIDTH = 80


def heading(title: str) -> str:
    """A boxed heading."""
    border = f"+{'-' * (WIDTH - 2)}+"
    return f"{border}\n| {title:<{WIDTH - 4}} |\n{border}\n\n"


def opening(source: str, version: str, architecture: str) -> str:
    """What stands before the build itself."""
    bar = f"+{'=' * (WIDTH - 2)}+"
    title = f"{source} {version} ({architecture})"
    return (
        f"sbuild (Debian sbuild) 0.85.0 (04 January 2023) on north\n\n{bar}\n"
        f"| {title:<44}Fri, 20 Nov 2026 16:10:42 +0000 |\n{bar}\n\n"
        f"Package: {source}\nVersion: {version}\nSource Version: {version}\n"
        f"Distribution: trixie-test-unstable\nHost Architecture: {architecture}\n\n"
        + heading("Update chroot")
        + "Get:1 file:/archive trixie-test-unstable InRelease [4321 B]\n\n"
        + heading("Fetch source files")
        + f"\nLocal sources\n-------------\n\n{source}_{version}.dsc exists in /build; copying\n\n"
        + heading("Install package build dependencies")
        + "\nSetup apt archive\n-----------------\n\n"
        "Merged Build-Depends: debhelper-compat (= 13), build-essential\n"
        + "".join(
            f"Setting up libexample{number}:{architecture} (1.{number}-1) ...\n"
            for number in range(30)
        )
        + "\n"
        + heading("Check architectures")
        + f"Arch check ok ({architecture} included in any)\n\n"
        + heading("Build environment")
        + "Kernel: Linux 6.18.0 #1 SMP amd64 (x86_64)\n\n"
        + heading("Build")
        + "\nUnpack source\n-------------\n\n"
        + f"dpkg-source: info: extracting {source} in /<<PKGBUILDDIR>>\n\n"
        "dpkg-buildpackage\n-----------------\n\n"
        "Command: dpkg-buildpackage --sanitize-env -us -uc -b\n"
        f"dpkg-buildpackage: info: source package {source}\n"
        f"dpkg-buildpackage: info: source version {version}\n"
        " debian/rules binary\ndh binary\n   dh_update_autotools_config\n   dh_auto_configure\n"
        "checking for a BSD-compatible install... /usr/bin/install -c\n"
        "checking for gcc... gcc\nchecking whether the C compiler works... yes\n"
        "   dh_auto_build\n\tmake -j2\n"
    )


def compiling(lines: int) -> str:
    """So many lines of a compiler at work, some in colour."""
    return "".join(
        f"\x1b[32mgcc\x1b[0m -g -O2 -fstack-protector-strong -Wformat -c -o src/part{number}.o "
        f"src/part{number}.c\n"
        for number in range(lines)
    )


def summary(**fields: str) -> str:
    """The end of a log."""
    said = {"Build Architecture": "amd64", "Install-Time": "7", "Package-Time": "101", **fields}
    body = "".join(f"{name.replace('_', '-')}: {said[name]}\n" for name in sorted(said))
    return (
        heading("Cleanup")
        + "Purging /<<BUILDDIR>>\nNot cleaning session: cloned chroot in use\n\n"
        + heading("Summary")
        + f"{body}{'-' * WIDTH}\nFinished at 2026-11-20T16:11:19Z\n"
        "Build needed 00:01:41, 9308k disk space\n"
    )


def succeeded(source: str, version: str, architecture: str) -> str:
    """A whole log of a good build."""
    return (
        opening(source, version, architecture)
        + compiling(60)
        + f"{'-' * WIDTH}\nBuild finished at 2026-11-20T16:11:19Z\n\nFinished\n--------\n\n"
        "I: Built successfully\n\n"
        + heading("Changes")
        + heading("Post Build")
        + summary(Build_Time="94", Status="successful")
    )


def failed(source: str, version: str, architecture: str) -> str:
    """A whole log of a build whose tests crashed."""
    return (
        opening(source, version, architecture)
        + compiling(60)
        + "   dh_auto_test\n\tmake -j2 check\n"
        "make[1]: Entering directory '/<<PKGBUILDDIR>>'\n"
        "hello world\nzlib version 1.3.1 = 0x1310, compile flags = 0xa9\n"
        "uncompress(): hello, hello!\n"
        "/bin/sh: line 2: 21140 Segmentation fault      ./example64\n"
        "\t\t*** zlib 64-bit test FAILED ***\n"
        "make[1]: *** [Makefile:98: check64] Error 139\n"
        "make[1]: Leaving directory '/<<PKGBUILDDIR>>'\n"
        "dh_auto_test: error: make -j2 check returned exit code 2\n"
        "make: *** [debian/rules:50: binary] Error 25\n"
        "dpkg-buildpackage: error: debian/rules binary subprocess returned exit status 2\n"
        f"{'-' * WIDTH}\nBuild finished at 2026-11-20T16:11:19Z\n\nFinished\n--------\n\n"
        "E: Build failure (dpkg-buildpackage died)\n\n"
        + summary(Build_Time="94", Fail_Stage="build", Status="attempted")
    )
