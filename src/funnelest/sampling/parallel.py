"""Independent tasks side by side, on the cores of this machine or on any executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from funnelest.entry import entry
from funnelest.errors import SpecError

__all__ = ["each", "one_thread"]


def each(
    function: Callable[[Any], Any],
    items: Sequence[Any],
    *,
    executor: Executor | None = None,
    cores: int | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield the position of each item and what the function gives of it, as they get ready.

    The function may be a lambda or a method, and so may what it refers to. Randomness belongs in
    the item (a seed): the order in which tasks run is not fixed. They run on the `executor`, or in
    so many processes of this machine as there are `cores`, all when left out; with one core, or for
    a single item, everything runs in this process.
    """
    cores = _cores() if cores is None else cores
    if executor is None and (cores == 1 or len(items) < 2):
        for i, item in enumerate(items):
            yield i, function(item)
        return
    # Models hold functions of their users, which only cloudpickle can send.
    import cloudpickle

    sent = cloudpickle.dumps(function)
    if executor is None:
        # Unlike the pool of the standard library it needs no `if __name__ == "__main__"`.
        from loky import get_reusable_executor

        executor = get_reusable_executor(max_workers=min(cores, len(items)), timeout=60)
    futures: dict[Any, int] = {}
    try:
        for i, item in enumerate(items):
            try:
                futures[executor.submit(_called, sent, cloudpickle.dumps(item))] = i
            except (AttributeError, RuntimeError) as error:
                raise SpecError(
                    [f"executor takes no tasks ({type(error).__name__}: {error})."], "the executor"
                ) from error
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:  # an error, or a caller that has enough
        for future in futures:
            future.cancel()


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which linear algebra has one thread.

    The products are small: threads that wait for each other cost four times the work on a busy
    machine, and sums are the same to the last digit on one core and on many.
    """
    _keep_memory()
    return _threads().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


def _keep_memory() -> None:
    """Let arrays that are freed stay with the process, for the next ones.

    glibc gives arrays above a threshold back to the system and fetches the next page by page, at
    more than the cost of the arithmetic on them. The threshold rises to the largest that was
    freed, up to 32 MB (mallopt(3), M_MMAP_THRESHOLD): this one, none of whose pages is touched.
    """
    import numpy as np

    np.empty(2**25 - 2**16, dtype=np.uint8)


@cache
def _threads() -> Any:
    """Return what can limit the threads of the libraries loaded; looking for them takes long."""
    import scipy.linalg  # noqa: F401  # a library of its own: one that is loaded later is missed
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_functions: dict[bytes, Callable[[Any], Any]] = {}


@entry
def _called(function: bytes, item: bytes) -> Any:
    import cloudpickle

    known = _functions.get(function)
    if known is None:  # a model is unpacked once per process, with what it remembers
        known = cloudpickle.loads(function)
        _functions.clear()
        _functions[function] = known
    return known(cloudpickle.loads(item))
