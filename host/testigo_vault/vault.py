"""The vault's parts put together, for the command line, the ingest and the web alike."""

from pathlib import Path

from sqlalchemy import select

from testigo_vault.audit.access_log import AccessLog
from testigo_vault.audit.alarms import Alarms
from testigo_vault.audit.device_contacts import DeviceContacts
from testigo_vault.audit.device_reports import DeviceReports
from testigo_vault.documents.archive import documents_of
from testigo_vault.identity.keys import StreamKeyOpener
from testigo_vault.identity.organisation import Organisation
from testigo_vault.identity.users import Users
from testigo_vault.lawfulness.archive import Archive
from testigo_vault.storage.copies import Store
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import Recording
from testigo_vault.storage.places import PlaceRegister, accept_first_places


class Vault:
    """An opened vault folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.organisation = Organisation(folder)
        self.config = self.organisation.config
        self.documents = documents_of(self.organisation)
        own = frozenset((stream, key_id) for stream, key_id, _ in self.organisation.recipients())
        self.archive = Archive(self.documents, own)
        self.database = Database(self.config.index.url)
        self.places = PlaceRegister(folder)
        self.store = Store(self.config.copies, self.places)
        accept_first_places(self.store, self.places, self._is_new())
        self.users = Users(self.database)
        self.alarms = Alarms(folder, self.database)
        self.device_reports = DeviceReports(self.database, self.alarms)
        limits = self.config.alarms
        self.device_contacts = DeviceContacts(self.database, self.alarms, limits.missing_hours, limits.silent_hours)
        self.log = AccessLog(folder, self.database, self.organisation.log_key)
        self._index_key: StreamKeyOpener | None = None

    @property
    def index_key(self) -> StreamKeyOpener:
        if self._index_key is None:
            self._index_key = self.organisation.index_key()
        return self._index_key

    def _is_new(self) -> bool:
        """Whether the index has no recording."""
        with self.database.read() as session:
            return session.scalars(select(Recording.id).limit(1)).first() is None

    def close(self) -> None:
        self.database.close()
