"""Settings: where they come from, and what is said when they are wrong."""

import os
import re
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.dialogs.language import load_texts
from bot.settings import ENGLISH, BadSettings, Settings, listen, read_settings

ROOT = Path(__file__).parent.parent
KEY = "A" * 43 + "=.0123abcd"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("MAU03_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    yield


def problems() -> list[str]:
    with pytest.raises(BadSettings) as refused:
        read_settings()
    return str(refused.value).splitlines()


def test_without_any_configuration_it_is_a_trial_on_this_machine(tmp_path: Path) -> None:
    settings = read_settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data == tmp_path / "data"
    assert settings.database == f"sqlite:///{(tmp_path / 'data' / 'mau03.db').as_posix()}"
    assert settings.key_file == tmp_path / "data" / "mau03.key"
    assert settings.key_text is None
    assert list(tmp_path.iterdir()) == []


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mau03.toml").write_text('port = 8100\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("MAU03_PORT", "8200")

    settings = read_settings()

    assert (settings.host, settings.port) == ("0.0.0.0", 8200)  # noqa: S104


def test_another_file_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("\ufeffport = 8300\n", "utf-8")
    monkeypatch.setenv("MAU03_CONFIG", str(other))

    assert read_settings().port == 8300


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAU03_PORT", "")

    assert read_settings().port == 8000


def test_a_key_is_taken_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAU03_KEY", KEY)

    settings = read_settings()

    assert settings.key_text == KEY
    assert KEY[:8] not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MAU03_PORT", "eight"),
        ("MAU03_PORT", "65536"),
        ("MAU03_PORT", "-1"),
        ("MAU03_DATABASE_URL", "mysql://root:hidden@host/db"),
        ("MAU03_DATABASE_URL", "data/mau03.db"),
        ("MAU03_KEY", "c2VjcmV0"),
        ("MAU03_KEY", KEY[:-1]),
        ("MAU03_DATA", __file__),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    (sentence,) = problems()

    assert sentence.startswith(f"{variable}: ")
    assert "hidden" not in sentence
    assert variable != "MAU03_KEY" or value not in sentence


def test_every_problem_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mau03.toml").write_text('port = "x"\nhots = "0.0.0.0"\n[telegram]\ntoken = "1"\n')
    monkeypatch.setenv("MAU03_PROT", "1")

    sentences = problems()

    assert sentences[0].startswith("MAU03_PROT: ") and "MAU03_PORT?" in sentences[0]
    assert {sentence.split(":")[0] for sentence in sentences[1:]} == {"port", "hots", "telegram"}
    assert any("Did you mean host?" in sentence for sentence in sentences)


def test_a_wrong_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mau03.toml").write_text("port: 8000\n")
    (unreadable,) = problems()
    monkeypatch.setenv("MAU03_CONFIG", "nowhere.toml")
    (missing,) = problems()

    assert unreadable.startswith("mau03.toml: ") and "line 1" in unreadable
    assert missing.startswith("MAU03_CONFIG: ") and "nowhere.toml" in missing


def test_a_taken_port_is_a_clear_error() -> None:
    with listen(Settings(port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(BadSettings, match=f"MAU03_PORT: port {port} .* is taken"):
            listen(Settings(port=port))


def test_the_socket_can_be_reached() -> None:
    with listen(Settings(port=0)) as listening:
        socket.create_connection(listening.getsockname(), timeout=5).close()


def test_an_address_of_another_machine_is_a_clear_error() -> None:
    with pytest.raises(BadSettings, match=r"MAU03_HOST: .*192\.0\.2\.1"):
        listen(Settings(host="192.0.2.1", port=0))


def test_every_problem_has_its_vietnamese_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    written = (ROOT / "bot/dialogs/texts/vi.toml").read_text("utf-8")
    vietnamese = tomllib.loads(written)["settings"]
    monkeypatch.setenv("MAU03_PORT", "x")

    with pytest.raises(BadSettings) as refused:
        read_settings()

    assert {code: facts(sentence) for code, sentence in vietnamese.items()} == {
        code: facts(sentence) for code, sentence in ENGLISH.items()
    }
    lines = refused.value.explained(load_texts("vi", written)).splitlines()
    assert len(lines) == 2
    assert all(line.startswith("MAU03_PORT: x ") for line in lines)


def facts(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))
