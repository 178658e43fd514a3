"""Many trials at a time, each a task of a Ray cluster: of many machines, or of this one.

A trial whose worker or machine dies is run again elsewhere. Steps are heard at a trial's end.
"""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from wakeling.errors import MissingDependencyError, RunError, WakelingError
from wakeling.search.execution.evaluation import Evaluate, Finished, Listener, failed, run_evaluation
from wakeling.search.trial import Trial

if TYPE_CHECKING:
    from ray import ObjectRef

LOCAL, AUTO = "local", "auto"
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",  # a local cluster would report to Ray's makers
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # pages about each dead worker, on standard output
}
"""Of Ray, which reads them when it is imported; what the user has set stays."""
_AUTH_MODE = "RAY_AUTH_MODE"
CONNECT_SECONDS = 10
RETRIES = 3
"""How often a trial is run again whose worker or machine died."""


class RayCluster:
    """Evaluates on a Ray cluster that runs (`auto`, `HOST:PORT`) or on one of this machine's own (`local`).

    Each trial takes `cpus` and `gpus` of one machine; shares such as half a GPU are allowed. As many
    are in flight as the machines hold, at most `most_slots`; a local cluster holds just those. The
    evaluator is pickled, and what it imports must be installed on every machine. Where this process
    is connected to Ray already, that cluster is used.

    Raises RunError where there is no such cluster, or no machine of it holds a trial;
    MissingDependencyError without Ray.
    """

    def __init__(
        self,
        evaluate: Evaluate,
        *,
        address: str = AUTO,
        cpus: float = 1,
        gpus: float = 0,
        retries: int = RETRIES,
        most_slots: int | None = None,
    ) -> None:
        check_shares(cpus, gpus, retries, most_slots)
        self._ray = import_ray(starts_cluster=address == LOCAL)
        self._cpus, self._gpus, self._most_slots, self._retries = cpus, gpus, most_slots, retries
        self._listener: Listener = lambda trial, step, value: None
        self._in_flight: dict[ObjectRef[Finished], Trial] = {}
        self._undo = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            if not self._ray.is_initialized():
                _connect(self._ray, address, None if most_slots is None else cpus * most_slots, undo)
            if not self._capacity():
                raise RunError(
                    f"no machine of the Ray cluster has {cpus:g} CPUs and {gpus:g} GPUs for a trial; "
                    f"it has {self._shown_machines()}"
                )
            share = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": retries}
            self._task = self._ray.remote(**share)(_run_trial)
            self._evaluate = self._ray.put(evaluate)  # once, not with every trial
            self._undo = undo.pop_all()

    @property
    def slots(self) -> int:
        """How many trials the machines that are alive now hold, at least one."""
        capacity = max(self._capacity(), 1)
        return min(capacity, self._most_slots) if self._most_slots else capacity

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of the steps of a trial when it has ended."""
        self._listener = listener

    def submit(self, trial: Trial) -> None:
        """Send the trial to the cluster."""
        name = f"trial {trial.number}"
        self._in_flight[self._task.options(name=name).remote(self._evaluate, trial)] = trial

    def wait(self, timeout_seconds: float | None = None) -> tuple[Finished, ...]:
        """The trials that ended, in the order of their numbers; none where the time is up first."""
        if not self._in_flight:
            return ()
        waiting = list(self._in_flight)
        done, _ = self._ray.wait(waiting, num_returns=1, timeout=timeout_seconds)
        if done:  # and what else is there by now
            done, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
        ended = [self._result(reference) for reference in done]
        for finished in ended:
            for step, value in finished.steps:
                self._listener(finished.trial, step, value)
        return tuple(sorted(ended, key=lambda finished: finished.trial.number))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for reference in self._in_flight:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self._ray.cancel(reference, force=True)
        self._in_flight.clear()
        self._undo.close()

    def _result(self, reference: ObjectRef[Finished]) -> Finished:
        trial = self._in_flight.pop(reference)
        exceptions = self._ray.exceptions
        try:
            finished: Finished = self._ray.get(reference)
        except exceptions.RayTaskError as error:
            if isinstance(error.cause, WakelingError):
                raise error.cause from None
            raise
        except (
            exceptions.WorkerCrashedError,
            exceptions.NodeDiedError,
            exceptions.OutOfMemoryError,
        ) as error:
            outcome = failed(f"its worker died {self._retries + 1} times: {_first_sentence(error)}")
            return Finished(trial=trial, outcome=outcome, seconds=0.0, worker="")
        except exceptions.RayError as error:
            raise RunError(
                f"the Ray cluster lost trial {trial.number}: {_first_sentence(error)}; "
                f"run again: finished trials are kept"
            ) from None
        return finished

    def _capacity(self) -> int:
        return sum(_trials_on(machine, self._cpus, self._gpus) for machine in self._machines())

    def _machines(self) -> list[dict[str, float]]:
        return [node["Resources"] for node in self._ray.nodes() if node["Alive"]]

    def _shown_machines(self) -> str:
        return "; ".join(
            f"{machine.get('CPU', 0):g} CPUs and {machine.get('GPU', 0):g} GPUs"
            for machine in self._machines()
        )


def check_shares(cpus: float, gpus: float, retries: int, most_slots: int | None) -> None:
    """Raise WakelingError for a share of a machine that makes no sense."""
    if cpus < 0 or gpus < 0 or cpus + gpus == 0:
        raise WakelingError(f"a trial takes {cpus:g} CPUs and {gpus:g} GPUs; give at least a part of one")
    if retries < 0:
        raise WakelingError(f"a trial is run again {retries} times; give 0 or more")
    if most_slots is not None and most_slots < 1:
        raise WakelingError(f"at most {most_slots} trials at a time; give at least 1")


def _run_trial(evaluate: Evaluate, trial: Trial) -> Finished:
    """What runs on the worker."""
    return run_evaluation(evaluate, trial)


def _trials_on(machine: dict[str, float], cpus: float, gpus: float) -> int:
    """How many trials a machine holds at a time."""
    shares = [(machine.get("CPU", 0.0), cpus), (machine.get("GPU", 0.0), gpus)]
    return min(int(has / share + 1e-9) for has, share in shares if share > 0)


def _first_sentence(error: BaseException) -> str:
    return " ".join(str(error).split()).partition(". ")[0]


# Any: Ray's module as a value, so that it is imported only where it is used
def import_ray(*, starts_cluster: bool) -> Any:
    """Ray, quiet and with its token; raises MissingDependencyError.

    Whoever reaches a cluster without a token runs what they like on it. Where nothing is said of
    tokens, the user's own is shown to every cluster, and a cluster that is started gets one of its
    own (Ray would write it to the home folder).
    """
    settings = _SETTINGS | token_settings(os.environ, Path.home(), starts_cluster=starts_cluster)
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise MissingDependencyError("ray", "cluster") from None
    return ray


def token_settings(environment: Mapping[str, str], home: Path, *, starts_cluster: bool) -> dict[str, str]:
    """What to tell Ray about its token, where the environment and the home folder say what they say."""
    if _AUTH_MODE in environment:
        return {}
    named = environment.get("RAY_AUTH_TOKEN") or environment.get("RAY_AUTH_TOKEN_PATH")
    if named or (home / ".ray" / "auth_token").is_file():
        return {_AUTH_MODE: "token"}
    return {_AUTH_MODE: "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)} if starts_cluster else {}


def _connect(ray: Any, address: str, local_cpus: float | None, undo: contextlib.ExitStack) -> None:
    """Connect to a cluster, or make one that ends with `undo` and leaves no files.

    `local_cpus` is how many processors one that is made takes itself to have; None: those there are.
    """
    quiet: dict[str, Any] = {"logging_level": "error", "log_to_driver": False}
    if address == LOCAL:
        folder = undo.enter_context(
            tempfile.TemporaryDirectory(prefix="wakeling-", ignore_cleanup_errors=True)
        )
        quiet |= {"include_dashboard": False, "_temp_dir": str(Path(folder) / "ray")}
        if local_cpus:
            quiet["num_cpus"] = math.ceil(local_cpus)
        undo.callback(ray.shutdown)
        ray.init(**quiet)
        return
    check_address(address)
    try:
        ray.init(address, **quiet)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _no_cluster(address, error) from None
    undo.callback(ray.shutdown)


def check_address(address: str) -> None:
    """Raise RunError where HOST:PORT is none, or nothing listens there; `auto` is not looked at."""
    if address in (AUTO, LOCAL):
        return
    try:
        _knock(address)
    except (ValueError, OSError) as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> RunError:
    return RunError(
        f"no Ray cluster at {address!r}: {_first_sentence(error)}; start one with `ray start --head`; "
        f"allowed: {AUTO}, {LOCAL}, HOST:PORT"
    )


def _knock(address: str) -> None:
    """Raise OSError or ValueError where nothing listens: Ray itself would try for two minutes."""
    host, separator, port = address.rpartition(":")
    if not separator or not port.isdecimal() or "/" in host:
        raise ValueError("that is no address")
    socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
