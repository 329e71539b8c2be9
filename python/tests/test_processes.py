"""Forked processes, threads, and the lock."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading

import pytest

import fluxttice
from conftest import RESUME, answered, ask, read_lines, status, until

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def everything(run):
    """All that a training program may do with a run."""
    run.progress(1, 2, loss=3.0)
    run.epoch(5, loss=1.0)
    run.samples([1, 2])
    run.add_control(fluxttice.Control("more", 1))
    for request in run.requests():
        request.apply()
    run.close()


@forks
def test_a_forked_process_never_writes(data):
    pytest.importorskip("numpy")
    run = fluxttice.Run("run", data_dir=data)
    run.epoch(4)
    ask(run.path, RESUME)
    until("it is taken", lambda: run._publisher.arrived.qsize() == 1)
    session = status(run.path)["session"]
    pid = os.fork()
    if pid == 0:
        try:
            with run:
                everything(run)
                raise ValueError("of the child")
        except ValueError:
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert [line["epoch"] for line in read_lines(run.path / "metrics.jsonl")] == [4]
    assert [line["event"] for line in read_lines(run.path / "journal.jsonl")] == ["opened"]
    beat = status(run.path)["beat"]
    until("the parent goes on", lambda: status(run.path)["beat"] > beat)
    assert status(run.path)["session"] == session
    list(run.requests())
    assert [line["event"] for line in read_lines(run.path / "journal.jsonl")][1:] == ["outcome"]
    run.epoch(5)
    run.close()
    assert status(run.path)["state"] == "finished"


@forks
def test_a_forked_process_does_not_hold_the_lock(data):
    run = fluxttice.Run("run", data_dir=data)
    ended, end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(end)
        os.read(ended, 1)
        os._exit(0)
    try:
        run.close()
        fluxttice.Run("run", data_dir=data, resume=True).close()
    finally:
        os.close(end)
        assert os.waitpid(pid, 0)[1] == 0
        os.close(ended)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork here")
def test_workers_of_a_pool_are_in_nobodys_way(begin):
    run = begin()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for epoch in range(3):
            assert sum(pool.map(abs, range(10))) == 45
            run.epoch(epoch)
    answered(run, ask(run.path, RESUME))
    assert len(read_lines(run.path / "metrics.jsonl")) == 3


def test_lines_of_many_threads_are_whole(begin):
    run = begin()

    def train(number):
        for epoch in range(200):
            run.progress(epoch, 200)
            run.epoch(epoch, thread=number, text={"x" * 500: 1.0})

    threads = [threading.Thread(target=train, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = read_lines(run.path / "metrics.jsonl")
    for number in range(8):
        told = [line["epoch"] for line in lines if line["thread"] == number]
        assert told == list(range(200))


def test_several_runs_of_one_process_are_several(begin):
    runs = [begin(f"run{number}") for number in range(3)]
    assert len({status(run.path)["session"] for run in runs}) == 3
    for run in runs:
        answered(run, ask(run.path, RESUME))
    threads = [thread.name for thread in threading.enumerate()]
    assert threads.count("fluxttice") == 3
    for run in runs:
        run.close()
    threads = [thread.name for thread in threading.enumerate()]
    assert "fluxttice" not in threads


def test_identifiers_differ_and_sort_in_the_order_in_which_they_were_made():
    from fluxttice._folder import is_id, new_id

    made = [new_id() for _ in range(10_000)]
    assert made == sorted(set(made)) and all(map(is_id, made))
    one = made[0]
    for name in ("", one.lower(), one[1:], one + "\n", "8" + one[1:], "U" * 26, "0" * 25 + "٣"):
        assert not is_id(name)
