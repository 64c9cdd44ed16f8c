import stat

import pytest

from trigger_widgets.engine_file import (
    DATA_DIR_VARIABLE,
    FILE_NAME,
    EngineFile,
    default_data_dir,
    new_secret_key,
)
from trigger_widgets.errors import EngineError
from trigger_widgets.processes import ProcessIdentity

KEY = new_secret_key()


def made(**changes):
    pid, started = ProcessIdentity.current()
    fields = {"host": "127.0.0.1", "port": 4321, "pid": pid, "started": started,
              "version": "0.1.0", "secret_key": KEY}  # fmt: skip
    return EngineFile(**{**fields, **changes})


def test_keys_are_long_and_new_each_time():
    assert new_secret_key() != KEY
    assert len(KEY.get_secret_value()) == len("tr_dev_") + 64
    assert KEY.get_secret_value() not in repr(made())


def test_it_is_read_as_it_was_written_by_its_user_alone(tmp_path):
    data_dir = tmp_path / "new" / "data"
    made().write(data_dir)
    made(port=5).write(data_dir)  # an engine that starts again
    file = EngineFile.read(data_dir)
    assert file == made(port=5)
    assert file.secret_key.get_secret_value() == KEY.get_secret_value()
    assert stat.S_IMODE((data_dir / FILE_NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert [path.name for path in data_dir.iterdir()] == [FILE_NAME]


def test_where_it_listens():
    assert made().endpoint.api_url == "http://127.0.0.1:4321"
    assert made(host="::1").endpoint.api_url == "http://[::1]:4321"
    assert made().endpoint.access_token.get_secret_value() == KEY.get_secret_value()


def test_whether_it_runs():
    assert made().is_running()
    assert not made(started="another").is_running()


def test_none_there(tmp_path):
    assert EngineFile.read(tmp_path) is None
    assert EngineFile.read(tmp_path / "nowhere") is None


@pytest.mark.parametrize("damage", ["", "{", '{"secret_key":"tr_dev_secret"}', "[]", "\xff"])
def test_a_damaged_file_is_named_and_not_quoted(tmp_path, damage):
    (tmp_path / FILE_NAME).write_bytes(damage.encode("latin-1"))
    with pytest.raises(EngineError, match="is damaged") as raised:
        EngineFile.read(tmp_path)
    assert "tr_dev" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(EngineError, match="cannot be read"):
        EngineFile.read(tmp_path)


def test_where_the_data_is(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path / "x" / ".." / "y"))
    assert default_data_dir() == tmp_path.resolve() / "y"
    monkeypatch.delenv(DATA_DIR_VARIABLE)
    assert default_data_dir().is_absolute()
