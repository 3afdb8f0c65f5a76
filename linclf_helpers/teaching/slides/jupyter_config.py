"""JupyterLab as `make present` starts it: large letters, notebooks as slides, and nothing of it kept."""

import tempfile
from pathlib import Path

from traitlets.config import get_config

c = get_config()
HERE = Path(__file__).resolve().parent
KEPT = tempfile.TemporaryDirectory(prefix="present-")  # so that `make lab` later opens as if this had never been

c.LabApp.app_settings_dir = str(HERE)  # overrides.json
c.LabApp.extra_labextensions_path = [str(HERE / "labextensions")]
c.LabApp.user_settings_dir = str(Path(KEPT.name) / "settings")
c.LabApp.workspaces_dir = str(Path(KEPT.name) / "workspaces")
