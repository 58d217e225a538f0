"""This machine's own apt, made to know nothing but what a test gives it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Apt:
    """This machine's apt, with all its files in *folder*."""

    folder: Path
    snippet: bytes

    def prepare(self) -> None:
        """Give it our snippet as its only source."""
        folders = ("state/lists/partial", "cache/archives/partial", "etc/sources.list.d")
        for name in (*folders, "etc/apt.conf.d", "etc/preferences.d"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        (self.folder / "etc" / "sources.list.d" / "here.sources").write_bytes(self.snippet)
        (self.folder / "apt.conf").write_text(
            f'Dir::State "{self.folder}/state"; Dir::State::status "{self.folder}/status";\n'
            f'Dir::Cache "{self.folder}/cache"; Dir::Etc "{self.folder}/etc";\n'
            f'Dir::Etc::sourcelist "/dev/null"; Dir::Log "{self.folder}";\n'
            'Acquire::Languages "none"; APT::Sandbox::User "";\n'
            'APT::Update::Error-Mode "any";\n'
        )

    def run(self, *command: str) -> str:
        """Its output; AssertionError when it fails or warns."""
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={
                "PATH": "/usr/bin:/bin",
                "APT_CONFIG": str(self.folder / "apt.conf"),
                "TMPDIR": str(self.folder),  # it leaves files with the keys of a snippet there
            },
        )
        if done.returncode or "W:" in done.stderr:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout
