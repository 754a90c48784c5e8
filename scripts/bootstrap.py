"""Make `.venv` and install the locked packages into it, with Python 3.11 and its standard library alone.

A fresh Debian has neither pip nor ensurepip beside python3.11. Both are then taken out of Debian's own package
python3-pip-whl, which apt-get fetches and checks without being root and without installing it.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements.txt"
DEV_LOCK = ROOT / "requirements-dev.txt"
SYSTEM_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


def main() -> int:
    """Install the lock that was asked for, unless its stamp says that it is installed already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="install the tools for tests, lint and types too")
    arguments = parser.parse_args()
    if sys.version_info[:2] != (3, 11):
        found = ".".join(map(str, sys.version_info[:3]))
        print(f"Mood Music is locked for Python 3.11; this is {found}. Try: make PYTHON=python3.11", file=sys.stderr)
        return 1
    # The development lock pins everything of the other one to the same versions, and more.
    locks = [LOCK, DEV_LOCK] if arguments.dev else [LOCK]
    wanted = locks[-1]
    if venv_works() and stamp(wanted).is_file() and stamp(wanted).read_text() == digest(wanted):
        return 0
    packages = sum("==" in line for line in wanted.read_text().splitlines())
    print(f"Installing {packages} packages into .venv. The first time takes a few minutes.", flush=True)
    try:
        with tempfile.TemporaryDirectory(prefix="mood-music-pip-") as folder:
            install(wanted, Path(folder))
    except subprocess.CalledProcessError as error:
        print(f"Set-up stopped: this command failed with code {error.returncode}:\n  {error.cmd}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up stopped. The same command goes on with it.", file=sys.stderr)
        return 130
    for lock in locks:
        stamp(lock).write_text(digest(lock))
    return 0


def digest(lock: Path) -> str:
    """Return the SHA-256 of a lock file, in hexadecimal."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def stamp(lock: Path) -> Path:
    """Return the file that holds the digest of the lock which was last installed whole."""
    return VENV / f"{lock.name}.sha256"


def venv_works() -> bool:
    """Tell whether `.venv` has a Python 3.11 that starts: a moved or half-made one has not."""
    if not PYTHON.exists():
        return False
    check = "import sys; sys.exit(sys.version_info[:2] != (3, 11))"
    return subprocess.run([PYTHON, "-c", check], check=False, stderr=subprocess.DEVNULL).returncode == 0


def install(lock: Path, folder: Path) -> None:
    """Install every package of the lock, each checked against its hash, using `folder` for what is only passing."""
    pip: list[str | Path] = [PYTHON, "-m", "pip"]
    environment = dict(os.environ)
    if importlib.util.find_spec("ensurepip"):
        if not venv_works():
            subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    else:
        if not venv_works():
            subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV], check=True)
        pip = [PYTHON, debian_pip(folder) / "pip"]
        if not SYSTEM_CERTIFICATES.exists():
            environment.setdefault("PIP_CERT", str(debian_certificates(folder)))
    options: list[str | Path] = ["--disable-pip-version-check", "--require-hashes", "--requirement", lock]
    subprocess.run([*pip, "install", *options], check=True, env=environment)


def debian_pip(folder: Path) -> Path:
    """Return Debian's wheel of pip, which Python can run without unpacking it."""
    wheels = sorted(Path("/usr/share/python-wheels").glob("pip-*.whl"))
    if not wheels:
        unpack_debian_package("python3-pip-whl", folder)
        wheels = sorted((folder / "usr/share/python-wheels").glob("pip-*.whl"))
    return wheels[-1]


def debian_certificates(folder: Path) -> Path:
    """Return one file with the certificates of Debian's ca-certificates, for a system without them."""
    unpack_debian_package("ca-certificates", folder)
    bundle = folder / "certificates.pem"
    parts = sorted((folder / "usr/share/ca-certificates").rglob("*.crt"))
    bundle.write_text("\n".join(part.read_text() for part in parts))
    return bundle


def unpack_debian_package(name: str, folder: Path) -> None:
    """Fetch a Debian package with apt-get, signature checked, and unpack it under `folder`; nothing is installed."""
    if not shutil.which("apt-get"):
        sys.exit("This Python has no ensurepip. Install the package of your system that brings it (python3-venv).")
    # Lists and cache of our own: the system's may be empty or old, and only root may renew them.
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    apt = ["apt-get", "--quiet=2"]
    for option in (
        f"Dir::State={folder}/state",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={folder}/cache",
        "APT::Sandbox::User=",
    ):
        apt += ["-o", option]
    if not any((folder / "state/lists").glob("*Packages*")):
        print("Asking Debian for pip, which this Python lacks.", flush=True)
        subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "download", name], check=True, cwd=folder)
    package = next(folder.glob(f"{name}_*.deb"))
    subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)


if __name__ == "__main__":
    sys.exit(main())
