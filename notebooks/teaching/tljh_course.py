"""What every learner's server gets; copy this file to /opt/tljh/config/jupyterhub_config.d/."""

from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821
# One thread in each kernel, as in the tests: the matrices are small, and a class shares the
# processors.
c.Spawner.environment.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})
# A server picks free ports for a kernel, and while the kernel starts another program may take
# them: with thirty learners on one machine kernels died of it
# (github.com/jupyter/jupyter_client/issues/276). Sockets that are files have no such race.
# Their paths must be short, so they lie in /tmp, which isolate_tmp gives to each learner anew.
c.Spawner.environment.update({"JUPYTER_RUNTIME_DIR": "/tmp/jupyter"})
c.SystemdSpawner.isolate_tmp = True
# Thirty servers that start at once take longer than one.
c.Spawner.http_timeout = 120
c.Spawner.start_timeout = 120
# A server asks the hub who somebody is, and remembers it for five minutes by default: then a
# hub that restarts would make a save fail.
c.Spawner.args = ["--HubOAuth.cache_max_age=3600", "--KernelManager.transport=ipc"]
