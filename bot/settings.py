"""Environment and mau03.toml -> one frozen `Settings`; the program refuses to start when wrong.

It only reads: no folder, key or database is made here.
"""

import errno
import os
import re
import socket
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX: Final = "MAU03_"
CONFIG: Final = "MAU03_CONFIG"
"""Names the configuration file; without it, mau03.toml in the current folder, if it is there."""
CONFIG_FILE: Final = "mau03.toml"
KEY: Final = re.compile(r"[A-Za-z0-9_-]{43}=\.[0-9a-f]{8}", re.ASCII)
"""A key written down: 32 bytes in base64, a full stop, eight digits of checksum."""
COMMUNE: Final = re.compile(r"[0-9]{5}", re.ASCII)
TOKEN: Final = re.compile(r"(?:([0-9]{5})=)?(([0-9]{3,20}):[!-+.-~-]{8,})", re.ASCII)
"""A messenger's token, perhaps after a commune's code: the bot's number, a colon, its secret."""
ADDRESS: Final = re.compile(r"https://[^/\s?#]+/?|http://(?:127\.0\.0\.1|localhost)(?::[0-9]+)?/?")
"""Only this machine may be spoken to without encryption."""
SECRET: Final = re.compile(r"[A-Za-z0-9_-]{8,256}", re.ASCII)
HIGHEST_PORT: Final = 65535
DATABASES: Final = ("sqlite:///", "postgresql://", "postgresql+asyncpg://")

ENGLISH: Final[Mapping[str, str]] = MappingProxyType(
    {
        "config_missing": "{setting}: there is no file {file}. Correct the path or unset it.",
        "config_unreadable": "{file}: cannot be read as TOML ({why}). Correct that line.",
        "unknown": "{setting}: no such setting. Remove it; settings are: {known}.",
        "unknown_near": "{setting}: no such setting. Did you mean {near}?",
        "data": "{setting}: {given} is a file. Name a folder, for example ./data.",
        "database_url": "{setting}: only SQLite and PostgreSQL addresses are understood. "
        "Write sqlite:///PATH or postgresql://USER@HOST/DATABASE, or remove it for SQLite.",
        "key": "{setting}: not a key. Write the line that `mau03 key show` prints, "
        "or remove it to use mau03.key in the data folder.",
        "commune": "{setting}: not the code of a commune. Write its five digits, for example "
        "21340, or remove it when the database holds one commune only.",
        "host": "{setting}: empty. Write an address of this machine, for example 127.0.0.1.",
        "port": "{setting}: {given} is not a port. Write a number from 1 to 65535, such as 8000.",
        "port_taken": "{setting}: port {port} on {host} is taken by another program. "
        "Stop that program or choose another number, for example {other}.",
        "port_forbidden": "{setting}: port {port} is reserved for the system administrator. "
        "Choose one from 1024 to 65535, for example 8000.",
        "telegram_tokens": "{setting}: not a list of Telegram tokens. Write each as BotFather gave "
        "it, several with commas between; for one commune: 00000=TOKEN.",
        "zalo_tokens": "{setting}: not a list of Zalo tokens. Write each as Zalo Bot Manager gave "
        "it, several with commas between; for one commune: 00000=TOKEN.",
        "telegram_api": "{setting}: not an address. Write https://HOST, or remove it.",
        "zalo_api": "{setting}: not an address. Write https://HOST, or remove it.",
        "telegram_per_second": "{setting}: {given} is not a number above 0. Write for example 30.",
        "zalo_per_second": "{setting}: {given} is not a number above 0. Write for example 10.",
        "public_url": "{setting}: not an address people can open. Write https://HOST without a "
        "path, or remove it to ask the messengers for news instead of being called.",
        "webhook_secret": "{setting}: write 8 to 256 letters, digits, _ or -, "
        "or remove it: then one is derived from the office's key.",
        "token_commune": "{setting}: a token names commune {given}, this installation serves "
        "{commune}. Remove the code, or start an installation of its own for that commune.",
        "messengers_need_setup": "{setting}: this is still a trial, and real messengers are not "
        "started for one. Run `mau03 setup` and give the legal basis and the retention period.",
        "host_not_ours": "{setting}: this machine cannot be reached as {host} ({why}). "
        "Write 127.0.0.1 for this machine only, 0.0.0.0 for the whole network.",
    }
)
"""Problem -> sentence. The Vietnamese sentences stand under [settings] in texts/vi.toml."""


@dataclass(frozen=True, slots=True)
class Problem:
    code: str
    """A key of ENGLISH."""
    facts: Mapping[str, object]

    @property
    def english(self) -> str:
        return ENGLISH[self.code].format_map(self.facts)


class BadSettings(Exception):
    """The program cannot start like this. Every problem is in it, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(problem.english for problem in problems))
        self.problems = tuple(problems)

    def explained(self, texts: Callable[..., str]) -> str:
        """Return two lines per problem: the sentence of `texts`, then the English one."""
        return "\n".join(
            f"{texts(f'settings.{problem.code}', **problem.facts)}\n{problem.english}"
            for problem in self.problems
        )


def _folder(path: Path) -> Path:
    path = path.expanduser().absolute()
    if path.is_file():
        raise ValueError
    return path


def _database(url: str) -> str:
    if url and not url.startswith(DATABASES):
        raise ValueError
    return url


def _key(text: SecretStr) -> SecretStr:
    if not KEY.fullmatch(text.get_secret_value().strip()):
        raise ValueError
    return text


def _commune(code: str) -> str:
    if code and not COMMUNE.fullmatch(code):
        raise ValueError
    return code


class Token(NamedTuple):
    """One bot of a messenger."""

    commune: str
    """Code of the commune it speaks for; "" where nothing else was said: the office's own."""
    bot: str
    """Its number, which is no secret."""
    text: str


def _listed(text: SecretStr) -> list[Token]:
    """Return the tokens of a comma list. Raises ValueError for one that is none, or comes twice."""
    parts = [part.strip() for part in text.get_secret_value().split(",") if part.strip()]
    found = [TOKEN.fullmatch(part) for part in parts]
    tokens = [Token(match[1] or "", match[3], match[2]) for match in found if match]
    if len({token.bot for token in tokens}) < len(parts):
        raise ValueError
    return tokens


def _tokens(text: SecretStr) -> SecretStr:
    _listed(text)
    return text


def _address(url: str) -> str:
    if url and not ADDRESS.fullmatch(url):
        raise ValueError
    return url.rstrip("/")


def _secret(text: SecretStr) -> SecretStr:
    if not SECRET.fullmatch(text.get_secret_value()):
        raise ValueError
    return text


Tokens = Annotated[SecretStr, AfterValidator(_tokens)]
Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """What the administrator decides. The environment goes before mau03.toml."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    data: Annotated[Path, AfterValidator(_folder)] = Field(Path("data"), validate_default=True)
    """Folder of database, key and backups; absolute. It need not exist yet."""
    database_url: Annotated[str, AfterValidator(_database)] = Field("", repr=False)
    """Empty: SQLite in `data`. It may hold a password: use `database`, never print it."""
    key: Annotated[SecretStr, AfterValidator(_key)] | None = None
    """The office's key as `mau03 key show` prints it; None: it lies in `key_file`."""
    commune: Annotated[str, AfterValidator(_commune)] = ""
    """Code of the commune this process serves; empty: the only one in the database."""
    host: str = Field("127.0.0.1", min_length=1)
    port: int = Field(8000, ge=0, le=HIGHEST_PORT)
    """0: any free port."""
    telegram_tokens: Tokens = SecretStr("")
    zalo_tokens: Tokens = SecretStr("")
    telegram_api: Address = "https://api.telegram.org"
    zalo_api: Address = "https://bot-api.zaloplatforms.com"
    public_url: Address = ""
    """Address of this process from outside. Empty: messengers are polled, and pages of ours are
    not offered in them."""
    telegram_per_second: float = Field(30.0, gt=0)
    """Messages one Telegram bot may send in a second; more only on a server of one's own."""
    zalo_per_second: float = Field(10.0, gt=0)
    """Messages one Zalo bot may send in a second; the platform does not publish its limit."""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    """What a messenger says when it calls; None: derived from the office's key."""

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'mau03.db').as_posix()}"

    @property
    def telegram(self) -> list[Token]:
        return _listed(self.telegram_tokens)

    @property
    def zalo(self) -> list[Token]:
        return _listed(self.zalo_tokens)

    @property
    def key_file(self) -> Path:
        return self.data / "mau03.key"

    @property
    def key_text(self) -> str | None:
        """What stands in MAU03_KEY; None when the key file is to be used."""
        return None if self.key is None else self.key.get_secret_value().strip()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  (the signature is given)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, _written())


def read_settings() -> Settings:
    """Return the settings of this process. Raises BadSettings naming every problem and its fix."""
    problems = list(_unknown_variables())
    try:
        settings = Settings()
    except BadSettings as error:
        problems += error.problems
    except ValidationError as error:
        problems += map(_problem, error.errors(include_url=False))
    if problems:
        raise BadSettings(problems)
    return settings


def listen(settings: Settings) -> socket.socket:
    """Return a listening socket on host and port, for the web server to take over.

    Raises BadSettings when the port is taken, forbidden, or the address is not ours. To be called
    before anything else starts: nothing is half running when the port turns out to be taken.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    # On Windows the option would let two programs share one port.
    if os.name != "nt":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
        # With SO_REUSEADDR a port that is bound but not listened on can be bound again.
        listening.listen()
    except OSError as error:
        listening.close()
        raise BadSettings([_not_listening(settings, error)]) from None
    return listening


def _not_listening(settings: Settings, error: OSError) -> Problem:
    facts: dict[str, object] = {
        "setting": _named("port"),
        "port": settings.port,
        "host": settings.host,
        "other": settings.port + 1 if settings.port < HIGHEST_PORT else 8000,
    }
    if error.errno == errno.EADDRINUSE:
        return Problem("port_taken", facts)
    if error.errno == errno.EACCES:
        return Problem("port_forbidden", facts)
    return Problem("host_not_ours", facts | {"setting": _named("host"), "why": error.strerror})


def _unknown_variables() -> Iterator[Problem]:
    variables = {variable_of(name) for name in Settings.model_fields} | {CONFIG}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in variables:
            yield _unknown(name, sorted(variables))


def _written() -> dict[str, Any]:
    """Return what stands in the configuration file; nothing when there is none."""
    file = Path(os.environ.get(CONFIG) or CONFIG_FILE)
    if not file.is_file():
        if os.environ.get(CONFIG):
            raise BadSettings([Problem("config_missing", {"setting": CONFIG, "file": file})])
        return {}
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        facts = {"file": file, "why": str(error)}
        raise BadSettings([Problem("config_unreadable", facts)]) from None


def _problem(error: ErrorDetails) -> Problem:
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return _unknown(name, list(Settings.model_fields))
    return Problem(name, {"setting": _named(name), "given": error["input"]})


def _unknown(key: str, known: Sequence[str]) -> Problem:
    # Without the prefix, which would make all of them alike.
    names = {name.upper().removeprefix(PREFIX): name for name in known}
    for near in get_close_matches(key.upper().removeprefix(PREFIX), names, n=1):
        return Problem("unknown_near", {"setting": key, "near": names[near]})
    return Problem("unknown", {"setting": key, "known": ", ".join(known)})


def variable_of(name: str) -> str:
    """Return the environment variable of a setting: "port" -> "MAU03_PORT"."""
    return PREFIX + name.upper()


def _named(name: str) -> str:
    """Return the setting as the administrator wrote it: the variable, or the key in the file."""
    variable = variable_of(name)
    return name if name in _written() and not os.environ.get(variable) else variable
