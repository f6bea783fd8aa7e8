"""Opens the index database and migrates it (Alembic) to this version; SQLite is set to survive power cuts."""

from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from testigo_vault.errors import VaultError

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
                "Correct [index] url in vault.toml, or its folder; or restore it from the backup.",
            ) from None
        except CommandError as error:
            raise VaultError(
                f"The index {url} is of another version of this program: {error}.", "Use that version or a newer one."
            ) from None
        self.session = sessionmaker(self.engine, expire_on_commit=False).begin

    def read(self) -> Session:
        """A session for reading."""
        return Session(self.engine, expire_on_commit=False)

    def close(self) -> None:
        self.engine.dispose()


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
