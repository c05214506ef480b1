"""Install packages of handlers into a folder, as others would beside Forgewire."""

import subprocess
import sys

from tests.processes import ROOT

EXAMPLES = ROOT / "examples"
#: What is here already is all that it takes: no index is asked.
PIP = (
    *(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"),
    *(
        "--no-build-isolation",
        "--disable-pip-version-check",
        "--root-user-action=ignore",
    ),
)


def install(folder, *sources):
    """Have pip build the packages in `sources`, and install them into `folder`."""
    done = subprocess.run(
        [*PIP, "--target", str(folder), *map(str, sources)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return folder


def write(folder, name, text):
    """Write a package of one module, which stands there as if it were installed."""
    metadata = folder / f"{name}-1.dist-info"
    metadata.mkdir(parents=True)
    (folder / f"{name}.py").write_text(text, "utf-8")
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\n", "utf-8"
    )
    (metadata / "entry_points.txt").write_text(
        f"[forgewire.handlers]\n{name} = {name}\n", "utf-8"
    )
    return folder
