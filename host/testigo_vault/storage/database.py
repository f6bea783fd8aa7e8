"""Opens the index database and migrates it (Alembic) to this version; SQLite is set to survive power cuts."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from testigo_vault.errors import VaultError
from testigo_vault.timestamps import now_text

# What to do with a damaged index.
DAMAGED = (
    "If it is damaged, stop the service, restore it from the backup and run `testigo vault reindex`; without a backup, "
    "`testigo vault reindex --new-index` begins a new one."
)

_SQLITE = "sqlite:///"
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Sessions of the index at `url`; `with database.session() as session:` commits at the end or rolls back."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self.engine = _engine(url)
            _migrate(self.engine, url)
        except (SQLAlchemyError, ImportError) as error:
            raise VaultError(
                f"The index {url} does not open: {getattr(error, 'orig', error)}.",
                "Correct [index] url in vault.toml, or its folder. " + DAMAGED,
            ) from None
        except CommandError as error:
            raise VaultError(
                f"The index {url} is of another version of this program: {error}.", "Use that version or a newer one."
            ) from None
        self.session = sessionmaker(self.engine, expire_on_commit=False).begin

    def check_writable(self) -> None:
        """Raises VaultError where the index cannot be written, as on a full disk or one that is mounted for reading."""
        try:
            with self.session() as session:
                session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        except SQLAlchemyError as error:
            raise VaultError(
                f"The index {self.url} cannot be written: {getattr(error, 'orig', error)}.",
                "Free space on its disk, or correct its owner. " + DAMAGED,
            ) from None

    def read(self) -> Session:
        """A session for reading."""
        return Session(self.engine, expire_on_commit=False)

    def close(self) -> None:
        self.engine.dispose()


def set_index_aside(url: str) -> list[Path]:
    """Rename the files of an SQLite index, so that the next Database begins a new one; -> their new names.

    Raises VaultError for another kind of database, OSError.
    """
    if not url.startswith(_SQLITE):
        raise VaultError(
            f"The index {url} is not a file of this vault.",
            "Make an empty database, and set [index] url in vault.toml.",
        )
    renamed = []
    path = Path(url.removeprefix(_SQLITE))
    at = now_text().replace(":", "")
    for old in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        if old.exists():
            renamed.append(old.rename(old.with_name(f"{old.name}.damaged-{at}")))
    return renamed


def _engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def set_pragmas(connection, record):
            cursor = connection.cursor()
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA busy_timeout = 10000")
            cursor.close()

    return engine


def _migrate(engine: Engine, url: str) -> None:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    wanted = ScriptDirectory.from_config(settings).get_current_head()
    with engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present == wanted:
        return
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
