import pytest

from trigger_widgets.tasks import registry as tasks_registry
from trigger_widgets.worker import loading

HEAD = "from trigger_widgets.tasks import task\n"


@pytest.fixture
def load(tmp_path, monkeypatch, registry):
    monkeypatch.setattr(loading, "registry", registry)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", list(__import__("sys").path))

    def load(**files):
        paths = []
        for name, source in files.items():
            path = tmp_path / f"{name}.py"
            path.write_text(source)
            paths.append(path.relative_to(tmp_path))
        loading.load_files([p for p in paths if not p.name.startswith("helper")])
        return registry

    return load


def test_files_with_neighbours(load, tmp_path):
    registry = load(
        some_tasks_of_mine=HEAD
        + "import helper_of_mine\n@task\ndef one(p): return helper_of_mine.X",
        helper_of_mine="X = 1",
    )  # fmt: skip
    assert registry.get("one")({}) == 1
    assert registry.get("one").file_path == "some_tasks_of_mine.py"
    assert registry.get("one").options.retry.max_attempts == 3
    sources = loading.source_files([tmp_path / "some_tasks_of_mine.py"])
    assert [s.rpartition("/")[2] for s in sources] == ["helper_of_mine.py", "some_tasks_of_mine.py"]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("x = (", r"^broken\.py, line 1 is not valid Python: '\(' was never closed\.$"),
        ("x = 1", r"^broken\.py defines no task; decorate a function in it with @task\.$"),
        (
            "\nimport nope_nope",
            r"^broken\.py, line 2 cannot be loaded: ModuleNotFoundError: .*nope",
        ),
        ("raise SystemExit(3)", r"^broken\.py, line 1 cannot be loaded: SystemExit: 3$"),
        (HEAD + "@task(id='a b')\ndef t(p): ...", r"^broken\.py: 'a b' is not a task id; "),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(load, source, sentence):
    with pytest.raises(loading.LoadError, match=sentence):
        load(broken=source)


def test_files_that_are_not_there(load, tmp_path):
    with pytest.raises(loading.LoadError, match=r"nope\.py does not exist"):
        loading.check_files([tmp_path / "nope.py"])
    with pytest.raises(loading.LoadError, match="is a folder"):
        loading.check_files([tmp_path])


def test_an_id_in_two_files_is_refused_by_name(load):
    source = HEAD + "@task(id='same')\ndef t(p): ..."
    with pytest.raises(loading.LoadError, match=r'b_b\.py: two tasks have the id "same": t in a_a'):
        load(a_a=source, b_b=source)
    assert tasks_registry.get("same") is None
