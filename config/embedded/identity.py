"""The user as which PostgreSQL runs. PostgreSQL refuses to run as root, or as a user without a name.

The first user that works is used: our own user; our user in a user namespace, where our files stay ours; the user
nobody. The data directory then belongs to the user nobody. If this user cannot reach the data directory or the
programs, they are put into a folder under /var/tmp. A data directory stays with the user who made it.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded import secret
from config.embedded.process import NotStarted

_NOBODY = 65534
_NAMESPACE = ["unshare", "--user", f"--map-user={_NOBODY}", f"--map-group={_NOBODY}"]


@dataclass(frozen=True)
class Identity:
    """How to call a program of PostgreSQL, and where its data are."""

    data: Path
    programs: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None

    @classmethod
    def choose(cls, data: Path, *, programs: Path) -> "Identity":
        ourselves = cls(data=data, programs=programs)
        in_namespace = cls(data=data, programs=programs, prefix=tuple(_NAMESPACE))
        if os.geteuid() != 0:
            try:
                pwd.getpwuid(os.geteuid())
            except KeyError:
                return in_namespace
            return ourselves
        owner = data.stat().st_uid if data.exists() else None
        reachable = all(_reachable(path, user=0) for path in (data.parent, programs))
        if owner in {0, None} and reachable and _namespaces_work():
            return in_namespace
        if owner == 0:
            raise NotStarted(f"{data} was made in a user namespace, and none can be made now. Give another DATA_DIR.")
        user = owner or _NOBODY
        if not data.exists():
            _give_home(data, user=user)
        home = data.resolve()
        if not _reachable(programs, user=user):
            programs = _copy(programs, home.with_name(f"{home.name}-programs"))
        return cls(data=home, programs=programs, user=user)

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.programs / program), *arguments]

    @property
    def _desk(self) -> Path:
        return self.data.with_name(f"{self.data.name}-making")

    def lend(self, name: str, text: str) -> Path:
        """A file that only this identity reads, in a folder beside the data, until `take_back`."""
        self._desk.mkdir(mode=0o700, exist_ok=True)
        secret.write(self._desk / name, text)
        if self.user is not None:
            for path in (self._desk, self._desk / name):
                os.chown(path, self.user, self.user)
        return self._desk / name

    def take_back(self) -> None:
        shutil.rmtree(self._desk)


def _namespaces_work() -> bool:
    try:
        return subprocess.run([*_NAMESPACE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _copy(programs: Path, folder: Path) -> Path:
    """Copy the programs into a folder that anyone may read, with their libraries, which are beside the package."""
    package = programs.parent.parent
    if not folder.exists():
        draft = folder.with_name(f"{folder.name}-making")
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, draft / part.name, symlinks=True, dirs_exist_ok=True)
        draft.rename(folder)
    return folder / package.name / programs.relative_to(package)


def _give_home(data: Path, *, user: int) -> None:
    """Make the data directory for a user; elsewhere, with a link to it, if the user could not reach it here."""
    if _reachable(data.parent, user=user):
        data.mkdir(mode=0o700)
    else:
        outside = Path(tempfile.mkdtemp(prefix="police2peer-", dir="/var/tmp"))
        outside.chmod(0o711)
        (outside / "postgres").mkdir(mode=0o700)
        data.symlink_to(outside / "postgres")
    os.chown(data, user, user)


def _reachable(path: Path, *, user: int) -> bool:
    """Whether a user can reach a path as its owner or as anyone. In a namespace, root can do no more."""
    folders = [folder.stat() for folder in (path, *path.resolve().parents)]
    return all(at.st_mode & 0o001 or (at.st_uid == user and at.st_mode & 0o100) for at in folders)
