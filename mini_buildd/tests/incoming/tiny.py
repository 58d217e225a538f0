"""A tiny source package as dpkg-buildpackage makes it, unsigned: to see clients bring it."""

import subprocess
from pathlib import Path


def tiny_upload(folder: Path) -> Path:
    """The .changes of it in *folder*, beside the files that it names."""
    tree = folder / "tiny-1.0"
    (tree / "debian" / "source").mkdir(parents=True)
    for name, text in {
        "changelog": "tiny (1.0) unstable; urgency=low\n\n  * New.\n\n"
        " -- Pat <pat@example.invalid>  Fri, 20 Nov 2026 12:00:00 +0000\n",
        "control": "Source: tiny\nMaintainer: Pat <pat@example.invalid>\n\nPackage: tiny\n"
        "Architecture: all\nDescription: nothing\n",
        "rules": "#!/usr/bin/make -f\n",
        "source/format": "3.0 (native)\n",
    }.items():
        (tree / "debian" / name).write_text(text)
    subprocess.run(
        ["dpkg-buildpackage", "-S", "-d", "-nc", "-us", "-uc"],
        check=True,
        capture_output=True,
        cwd=tree,
    )
    return folder / "tiny_1.0_source.changes"
