"""A file of a result gives that result back, or says why not: never another, never a traceback."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import funnelest as fe
from funnelest import files

PEOPLE = fe.Population(
    {"year": [2016, 2017], "age": [(0, 11), (12, 17)]}, np.full((2, 2), 1e4), ages="age"
)


def model(**more):
    register = fe.Register(
        name="r", step="b", count=500, source="a table", statement="as printed",
        defects=[fe.Coverage(fe.Beta(8, 2))],
    )  # fmt: skip
    share = fe.Share(fe.Beta(3, 4), fe.Levels("year", fe.Normal(0, 0.3)))
    return fe.Model(fe.Route("a", "b"), PEOPLE, fe.Rate(fe.Beta(1, 9)), {("a", "b"): share},
                    [register], **more)  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return fe.fit(model(), draws=400, seed=1, progress=False)


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "r.nc"
    fe.save(result, path)
    return path.read_bytes()


def same(a, b):
    return (
        a.model == b.model
        and a.gate == b.gate
        and (a.seed, a.seconds, a.notes, a.marks) == (b.seed, b.seconds, b.notes, b.marks)
        and a.draws.keys() == b.draws.keys()
        and all(np.array_equal(a.draws[name], b.draws[name]) for name in a.draws)
        and np.array_equal(a.origins, b.origins)
    )


def test_a_sealed_file_is_a_netcdf_file_to_others(written, tmp_path):
    (tmp_path / "r.nc").write_bytes(written)
    with xr.open_datatree(tmp_path / "r.nc", engine="h5netcdf") as tree:
        assert set(tree.children) >= {"posterior", "prior"}


# ------------------------------------------------------------------------- spoilt files


def spoilt(data, rng):
    """Return a file with flipped bits, cut off, or with parts in each other's place."""
    made = bytearray(data)
    how = rng.integers(6)
    if how <= 1:  # bits, most of them in the model and the headers, some in the seal
        places = rng.integers(len(made) - (80 if rng.random() < 0.1 else 0), size=1 + 3 * how)
        if rng.random() < 0.2:
            places = len(made) - 1 - rng.integers(90, size=1)
        for place in places:
            made[place] ^= 1 << int(rng.integers(8))
    elif how == 2:  # cut off anywhere, at the ends too
        ends = [0, 1, 7, 8, 40, 47, 48, 512, len(made) - 83, len(made) - 82, len(made) - 1]
        end = int(rng.integers(len(made))) if rng.random() < 0.6 else ends[rng.integers(len(ends))]
        del made[end:]
    elif how == 3:  # without the beginning, or with more behind it
        made = made[int(rng.integers(1, 4096)) :] if rng.random() < 0.5 else made + made[-83:]
    else:  # two parts change places
        size = int(rng.choice([1, 8, 512, 3200]))
        a, b = rng.integers(len(made) - size, size=2)
        one, other = bytes(made[a : a + size]), bytes(made[b : b + size])
        made[a : a + size], made[b : b + size] = other, one
    return bytes(made)


def read_spoilt(written, result, folder, times, seed):
    rng = np.random.default_rng(seed)
    path = folder / "spoilt.nc"
    said = []
    for _ in range(times):
        data = spoilt(written, rng)
        path.write_bytes(data)
        try:
            again = fe.load(path)
        except fe.SpecError as error:
            said.append(error.problems)
        else:
            assert same(again, result)
            said.append(())
        assert (data == written) == (not said[-1])
    assert sum(map(bool, said)) > 0.9 * times
    assert all(text.endswith(".") for one in said for text in one)


def test_a_spoilt_file_is_refused_or_the_same(written, result, tmp_path):
    read_spoilt(written, result, tmp_path, 300, 1)


@pytest.mark.slow
def test_three_thousand_spoilt_files_are_refused_or_the_same(written, result, tmp_path):
    read_spoilt(written, result, tmp_path, 3000, 2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b"a note", "does not begin as"),
        (b"CDF\x01" + bytes(500), "does not begin as"),
        (b"\x89HDF\r\n\x1a\n", "cut off"),
    ],
)
def test_a_foreign_file_is_named(tmp_path, data, words):
    (tmp_path / "x.nc").write_bytes(data)
    with pytest.raises(fe.SpecError, match=words):
        fe.load(tmp_path / "x.nc")


def test_a_cut_off_an_old_and_a_changed_file_are_told_apart(written, tmp_path):
    path = tmp_path / "x.nc"
    body, _ = files.unseal(written)
    for data, words in (
        (written[:-20], "cut off"),
        (written[:5000], "cut off: 5,000 of its bytes are left"),
        (body, "no checksum stands at its end"),
        (written.replace(b"as printed", b"as PRINTED"), "changed since it was written"),
    ):
        path.write_bytes(data)
        with pytest.raises(fe.SpecError, match=words):
            fe.load(path)


def test_no_file_and_no_folder(tmp_path):
    for path in (tmp_path / "none.nc", tmp_path):
        with pytest.raises(fe.FileError, match="was not read"):
            fe.load(path)


# ------------------------------------------------- files with a right checksum and wrong contents


def changed(written, path, change):
    """Write the file anew with a change of its tree, sealed."""
    body, _ = files.unseal(written)
    with xr.open_datatree(io.BytesIO(body), engine="h5netcdf") as tree:
        made = tree.load()
    made = change(made) or made
    with made.to_netcdf(None, engine="h5netcdf") as view:
        path.write_bytes(files.seal(bytes(view)))


def posterior(change):
    def made(tree):
        data = tree["posterior"].to_dataset()
        tree["posterior"] = xr.DataTree(change(data) if change(data) is not None else data)

    return made


def put(name, value):
    def change(data):
        data[name].values[1, 3] = value

    return posterior(change)


CHANGES = {
    "no draws": (posterior(lambda d: d.drop_vars("rate of a")), "no draws of 'rate of a'"),
    "more draws": (posterior(lambda d: d.assign(x=d["rate of a"])), "'x', of which the model"),
    "not finite": (put("rate of a", np.nan), "'rate of a' must be finite numbers; 1 are not"),
    "infinite": (put("rate of a", np.inf), "'rate of a' must be finite"),
    "above": (put("a -> b", 1.5), "'a -> b' must lie between 0 and 1; 1 do not, such as 1.5"),
    "below": (put("rate of a", -1e-9), "'rate of a' must lie between 0 and 1"),
    "texts": (posterior(lambda d: d.assign({"a -> b": d["a -> b"].astype(str)})), "no numbers"),
    "one chain": (posterior(lambda d: d.assign({"a -> b": d["a -> b"].isel(chain=0, drop=True)})),
                  "have shape"),
    "no posterior": (lambda t: t.drop_nodes("posterior"), "no draws of 'a -> b'"),
    "origins": (lambda t: t["sample_stats"].update({"origin": t["sample_stats"]["origin"] / 2}),
                "origins of the draws must be whole numbers"),
    "format": (lambda t: t.attrs.update(format=1), "format 1, and this version reads"),
    "no format": (lambda t: t.attrs.pop("format"), "it has no 'format'"),
    "seed": (lambda t: t.attrs.update(seed="many"), "'seed' is not as it was written"),
    "seconds": (lambda t: t.attrs.update(seconds=np.nan), "'seconds' is not as"),
    "gate": (lambda t: t.attrs.update(gate_measures="[]"), "'gate_measures' is not as"),
    "marks": (lambda t: t.attrs.update(marks='[{"key": "none"}]'), "'marks' is not as"),
    "notes": (lambda t: t.attrs.update(notes="no json"), "'notes' is not as"),
    "model": (lambda t: t.attrs.update(model="{"), "its model"),
    "a figure": (lambda t: t.attrs.update(model=t.attrs["model"].replace("500", "501")),
                 "its checksum does not fit"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_wrong_contents_are_named(name, written, tmp_path):
    change, words = CHANGES[name]

    def made(tree):
        given = change(tree)
        return given if isinstance(given, xr.DataTree) else None

    changed(written, tmp_path / "x.nc", made)
    with pytest.raises(fe.SpecError) as caught:
        fe.load(tmp_path / "x.nc")
    assert words in str(caught.value)


def test_all_that_is_wrong_is_in_one_error(written, tmp_path):
    def change(tree):
        tree.attrs.update(seed="many", notes="3")
        put("rate of a", np.nan)(tree)
        put("a -> b", 7.0)(tree)

    changed(written, tmp_path / "x.nc", change)
    with pytest.raises(fe.SpecError) as caught:
        fe.load(tmp_path / "x.nc")
    assert len(caught.value.problems) == 4


def test_nothing_is_written_that_would_be_refused(result, tmp_path):
    wrong = {**result.draws, "a -> b": result.draws["a -> b"] + 1}
    with pytest.raises(fe.SpecError, match="'a -> b' must lie between 0 and 1"):
        fe.save(dataclasses.replace(result, draws=wrong), tmp_path / "x.nc")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["chain", "draw", ".", "..", "a/b", "a\u2215b", "x ", "\u00e9\n"])
def test_a_parameter_of_any_name_comes_back(name, tmp_path):
    made = fe.fit(model(parameters={name: fe.Normal(0, 1), "a/b_": fe.Beta(1, 1)}), draws=400,
                  seed=1, progress=False)  # fmt: skip
    fe.save(made, tmp_path / "x.nc")
    assert same(fe.load(tmp_path / "x.nc"), made)


def test_draws_at_the_ends_of_their_support_are_draws(result, tmp_path):
    ends = {**result.draws, "a -> b": np.array(result.draws["a -> b"])}
    ends["a -> b"][0, :3] = [0.0, 1.0, np.nextafter(1, 2)]  # rounded over the end
    fe.save(dataclasses.replace(result, draws=ends), tmp_path / "x.nc")
    assert fe.load(tmp_path / "x.nc").draws["a -> b"][0, 1] == 1


# ---------------------------------------------------------------------------- models as JSON

DATA = json.loads(json.dumps(model().to_dict()))


def nodes(data, path=()):
    yield path
    if isinstance(data, dict | list):
        for key, one in data.items() if isinstance(data, dict) else enumerate(data):
            yield from nodes(one, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


ODD = [None, True, -1, 10**400, 0.5, "", "a", "\0", "\ud800", [], {}, [[]], {"kind": 3},
       {"kind": "Beta"}, {"kind": "Beta", "fields": {"c": 1}}, {"tuple": 3}, {"float": "x"},
       {"mapping": [[[], 1]]}, {"array": [[1], [1, 2]]}, {"function": []},
       {"float": "nan"}]  # fmt: skip


def read_changed(times, seed, drop):
    """Change the data at a place and read them, with or without their checksum."""
    rng = np.random.default_rng(seed)
    places = list(nodes(DATA))[1:]
    whole = fe.Model.from_dict(DATA)
    for _ in range(times):
        data = copy.deepcopy(DATA)
        path = places[rng.integers(len(places))]
        above, key = at(data, path[:-1]), path[-1]
        how = rng.integers(4)
        if how == 0:
            del above[key]
        elif how == 1:  # two members change places
            other = places[rng.integers(len(places))]
            above[key] = at(data, other) if other[: len(path)] != path else None
        elif how == 2 and isinstance(above, dict):
            above[str(key) + "_"] = above.pop(key)
        else:
            above[key] = ODD[rng.integers(len(ODD))]
        if drop:
            data.pop("checksum", None)
        try:
            again = fe.Model.from_dict(data)
        except fe.SpecError:
            continue
        if not drop:
            assert again == whole


@pytest.mark.parametrize("drop", [False, True])
def test_a_changed_model_is_refused_or_the_same(drop):
    read_changed(300, 3, drop)


@pytest.mark.slow
@pytest.mark.parametrize("drop", [False, True])
def test_three_thousand_changed_models(drop):
    read_changed(3000, 4, drop)


def test_a_model_written_by_a_program_that_sorts_keys_is_the_same():
    axes = {"z": ["a", "b"], "age": [(0, 11), (12, 17)]}
    people = fe.Population(axes, [[1, 2], [3, 4]], ages="age")
    made = fe.Model(fe.Route("a", "b"), people, fe.Rate(fe.Beta(1, 9)))
    again = fe.Model.from_dict(json.loads(json.dumps(made.to_dict(), sort_keys=True)))
    assert again == made
    assert again.population.total({"z": "a"}) == 3


def test_what_is_wrong_with_a_model_is_told_at_once():
    data = {**DATA, "more": 1, "checksum": "a"}
    del data["route"], data["powers"]
    with pytest.raises(fe.SpecError) as caught:
        fe.Model.from_dict(data)
    assert [text.split(" ")[2:4] for text in caught.value.problems[:3]] == [
        ["no", "'route'."], ["no", "'powers'."], ["'more',", "which"]
    ]  # fmt: skip
    assert "checksum does not fit" in caught.value.problems[3]


# ------------------------------------------------------------------------------- killed

_KILLED = """
import os, signal, sys, time
import numpy as np
import funnelest as fe
path, times = sys.argv[1], int(sys.argv[2])
first = fe.load(path)
second = fe.load(path + ".second")
expected = {one.seed: one for one in (first, second)}
seen = set()
for number in range(times):
    child = os.fork()
    if not child:
        while True:
            fe.save(second, path)
            fe.save(first, path)
    time.sleep(0.05 + 0.0301 * (number % 50))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    again = fe.load(path)
    seen.add(again.seed)
    for name, draws in expected[again.seed].draws.items():
        assert np.array_equal(draws, again.draws[name]), number
fe.save(first, path)
print(len(seen), len(os.listdir(os.path.dirname(path))))
"""


def kill(result, folder, times):
    path = folder / "r.nc"
    fe.save(result, path)
    fe.save(dataclasses.replace(result, seed=2), f"{path}.second")
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(path), str(times)],
        env={**os.environ, "PYTHONPATH": str(Path(fe.__file__).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seen, there = done.stdout.split() or done.stderr
    assert there == "2"  # nothing was left beside the two files
    return int(seen)


def test_a_process_killed_while_it_saves(result, tmp_path):
    kill(result, tmp_path, 4)


@pytest.mark.slow
def test_two_hundred_processes_killed_while_they_save(result, tmp_path):
    assert kill(result, tmp_path, 200) == 2  # both were written, and found whole
