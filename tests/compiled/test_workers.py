"""Threads, forks and worker processes: no crash, no hang, the same bytes. Each case runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

# A fit whose every batch is large enough to be shared out among threads; its result as bytes.
HEAD = """
import multiprocessing, os, sys, threading, time, warnings
import numpy as np
import fallline
warnings.filterwarnings("ignore", category=DeprecationWarning)  # Python 3.12 and newer warn of every fork with threads
source = np.random.default_rng({seed})
X = source.normal(size=(40_000, 30))
Y = X @ source.normal(size=30) + source.normal(size=40_000)

def fitted(rule="adam", threads=2, epochs=3):
    run = fallline.fit(X, Y, rule=rule, learning_rate=0.01, batch_size="full", epochs=epochs, threads=threads,
        runtime="compiled")
    return run.model.theta.tobytes()
"""
ALONE = "expected = fitted(threads=1)\n"


def run(seed: int, code: str, timeout: float = 120.0) -> None:
    """The code after HEAD ends by itself and says ok."""
    text = HEAD.format(seed=seed) + textwrap.dedent(code) + '\nprint("ok")\n'
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=timeout, check=False)
    assert (done.returncode, done.stdout.strip()[-2:]) == (0, "ok"), done.stderr[-3000:]


@pytest.fixture
def seed(rng: object) -> int:
    return int(rng.integers(1 << 31))  # type: ignore[attr-defined]


def test_python_threads_fit_side_by_side(seed: int) -> None:
    """Six fits on three Python threads, each sharing its batches out among two, give the bytes of one at a time."""
    run(
        seed,
        """
        from concurrent.futures import ThreadPoolExecutor
        rules = ["adam", "sgd", "momentum"] * 2
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(fitted, rules))  # the kernels are compiled or loaded by several threads at once
        assert found == [fitted(rule, threads=1) for rule in rules]
        """,
    )


def test_a_fork_after_threads_were_used(seed: int) -> None:
    """A process forked from one whose pool of threads has worked fits alone, and gives the same bytes."""
    run(
        seed,
        ALONE
        + textwrap.dedent("""
        assert fitted() == expected
        with multiprocessing.get_context("fork").Pool(2) as workers:
            assert workers.map(fitted, ["adam", "adam", "adam"]) == [expected] * 3
        assert fitted() == expected
        """),
    )


def test_a_fork_while_the_next_order_is_made(seed: int) -> None:
    """A child forked between two looks at a fit, whose next epoch's order another thread has begun, goes on with the
    fit by itself and comes to the same bytes; and so does its parent."""
    run(
        seed,
        """
        from fallline.compiled.runtime import CompiledRuntime
        CompiledRuntime.work_per_call = 1 << 18  # several looks an epoch
        X, Y = np.tile(X[:, :3], (3, 1)), np.tile(Y, 3)

        def shuffled(threads, progress=None):
            run = fallline.fit(X, Y, rule="adam", learning_rate=0.01, batch_size=256, epochs=3, threads=threads,
                runtime="compiled", validation=None, progress=progress)
            return run.model.theta.tobytes()

        expected = shuffled(1)
        children = []

        def fork(descent):
            if threading.main_thread() is threading.current_thread() and not children:
                assert descent.runtime._orders._begun is not None
                children.append(os.fork())

        found = shuffled(2, fork)
        if children[0] == 0:
            os._exit(0 if found == expected else 1)
        assert found == expected
        assert os.waitstatus_to_exitcode(os.waitpid(children[0], 0)[1]) == 0
        """,
    )


def test_a_fork_while_another_thread_compiles(seed: int) -> None:
    """A child forked in the middle of a compilation can compile too, and does not wait for a lock that nobody holds."""
    run(
        seed,
        """
        os.environ["FALLLINE_CACHE"] = "/dev/null/none"  # so that everything is compiled, here and in the child
        from numba.core.compiler_lock import global_compiler_lock
        other = threading.Thread(target=fitted, args=("rmsprop",))
        other.start()
        while global_compiler_lock._lock.acquire(blocking=False):  # until the other thread has it, and compiles
            global_compiler_lock._lock.release()
            time.sleep(0.001)
        child = os.fork()
        if child == 0:
            fitted("sgd", epochs=1)
            os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        other.join()
        """,
    )


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes(start: str, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Workers that are forked or spawned by multiprocessing end, and give the same bytes as their parent."""
    file = tmp_path_factory.mktemp("workers") / "main.py"
    body = HEAD.format(seed=seed) + textwrap.dedent(f"""
        if __name__ == "__main__":
            expected = fitted(threads=1)
            with multiprocessing.get_context({start!r}).Pool(2) as workers:
                assert workers.map(fitted, ["adam"] * 3) == [expected] * 3
            print("ok")
    """)
    file.write_text(body, encoding="utf-8")
    done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok"), done.stderr[-3000:]


@pytest.mark.conformance
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib(backend: str, seed: int) -> None:
    """joblib's workers of every kind end, and give the same bytes."""
    run(
        seed,
        ALONE
        + textwrap.dedent(f"""
        import joblib
        tasks = [joblib.delayed(fitted)("adam") for _ in range(4)]
        assert joblib.Parallel(n_jobs=2, backend={backend!r})(tasks) == [expected] * 4
        """),
    )


@pytest.mark.conformance
def test_grid_search(seed: int) -> None:
    """GridSearchCV with two workers over an estimator that calls `fit` ends, and finds what one worker finds."""
    run(
        seed,
        """
        from sklearn.base import BaseEstimator, RegressorMixin
        from sklearn.model_selection import GridSearchCV

        class Fitted(RegressorMixin, BaseEstimator):
            def __init__(self, learning_rate=0.1):
                self.learning_rate = learning_rate
            def fit(self, X, y):
                options = {"batch_size": "full", "epochs": 5, "validation": None, "rule": "sgd"}
                self.model_ = fallline.fit(X, y, learning_rate=self.learning_rate, threads=2, **options).model
                return self
            def predict(self, X):
                return self.model_.predict(X)

        grid = {"learning_rate": [0.001, 0.01, 0.1]}
        scores = [
            GridSearchCV(Fitted(), grid, cv=2, n_jobs=jobs).fit(X, Y).cv_results_["mean_test_score"] for jobs in (1, 2)
        ]
        assert scores[0].tobytes() == scores[1].tobytes()
        """,
    )
