"""JupyterHub's configuration for `make class`: the rules of `tljh.yaml` on loopback, without accounts of the system."""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import yaml
from jupyterhub.spawner import LocalProcessSpawner

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821
TEACHING = Path(__file__).resolve().parents[2] / "notebooks/teaching"
SETTINGS: dict[str, Any] = json.loads(Path(os.environ["CLASS_SETTINGS"]).read_text(encoding="utf-8"))
RULES: dict[str, Any] = yaml.safe_load((TEACHING / "tljh.yaml").read_text(encoding="utf-8"))


class LearnerSpawner(LocalProcessSpawner):  # type: ignore[misc]  # JupyterHub has no types
    """Start each learner's server in its own home, under an unused account number and a memory limit if we may."""

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Say whose server it is, since no account of the system has to have that name, and where its sockets are."""
        home = f"{SETTINGS['homes']}/{self.user.name}"
        own = {"USER": self.user.name, "HOME": home, "SHELL": "/bin/sh", "JUPYTER_RUNTIME_DIR": f"{home}/run"}
        return env | own

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process does first: enter its limits, become the learner, go home."""
        account = SETTINGS["accounts"].get(name)
        home = f"{SETTINGS['homes']}/{name}"
        group = Path(SETTINGS["cgroup"], name) if SETTINGS["cgroup"] else None
        if group:
            group.mkdir(exist_ok=True)
            (group / SETTINGS["cgroup_limit"]).write_text(str(self.mem_limit), encoding="utf-8")

        def enter() -> None:
            os.umask(0o077)
            if group:
                (group / "cgroup.procs").write_text(str(os.getpid()), encoding="utf-8")
            elif SETTINGS["limiter"]:
                resource.setrlimit(resource.RLIMIT_DATA, (self.mem_limit, self.mem_limit))
            if account:
                os.setgroups([])
                os.setgid(account)
                os.setuid(account)
            os.chdir(home)

        return enter

    async def _signal(self, sig: int) -> bool:
        """Send a signal, and know that a process which only waits for its parent's attention is gone."""
        if psutil.pid_exists(self.pid) and psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE:
            return False
        return await super()._signal(sig)


# What a school has, from the files it copies.
auth = RULES["auth"]["type"]
c.JupyterHub.authenticator_class = auth
for key, value in RULES["auth"][auth.rpartition(".")[2]].items():
    setattr(c[auth.rpartition(".")[2]], key, value)
c.Authenticator.allowed_users = set(SETTINGS["names"])
c.Authenticator.admin_users = set(RULES["users"]["admin"])
c.Spawner.mem_limit = RULES["limits"]["memory"]
c.Spawner.default_url = "/lab"
load_subconfig(str(TEACHING / "tljh_course.py"))  # type: ignore[name-defined]  # noqa: F821

# What only the rehearsal has: its own ports, folders and processes.
c.JupyterHub.spawner_class = LearnerSpawner
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
if os.getuid() == 0 and not SETTINGS["accounts"]:
    c.Spawner.cmd.append("--allow-root")  # a rehearsal in a container, where Python is out of other accounts' reach
git_config = f"{SETTINGS['folder']}/gitconfig"
c.Spawner.environment.update({"CLASS_MARKER": SETTINGS["marker"], "GIT_CONFIG_GLOBAL": git_config})
c.JupyterHub.bind_url = SETTINGS["url"]
c.JupyterHub.hub_bind_url = SETTINGS["hub_url"]
c.ConfigurableHTTPProxy.should_start = False  # the proxy outlives the hub, as on a real machine
c.ConfigurableHTTPProxy.api_url = SETTINGS["api_url"]
c.ConfigurableHTTPProxy.auth_token = SETTINGS["proxy_token"]
c.JupyterHub.cleanup_servers = False  # so do the learners' servers
c.JupyterHub.db_url = f"sqlite:///{SETTINGS['private']}/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = f"{SETTINGS['private']}/cookie_secret"
c.FirstUseAuthenticator.dbm_path = f"{SETTINGS['private']}/passwords.dbm"
c.JupyterHub.last_activity_interval = 2  # the culler is rehearsed in seconds, not in hours
c.JupyterHub.activity_resolution = 1
c.JupyterHub.services = [{"name": "idle-culler", "api_token": SETTINGS["culler_token"]}]
c.JupyterHub.load_roles = [
    {
        "name": "idle-culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle-culler"],
    }
]
if SETTINGS["config"]:
    load_subconfig(SETTINGS["config"])  # type: ignore[name-defined]  # noqa: F821
