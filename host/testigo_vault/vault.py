"""The vault's parts put together, for the command line, the ingest and the web alike."""

from pathlib import Path

from testigo_vault.audit.access_log import AccessLog
from testigo_vault.audit.alarms import Alarms
from testigo_vault.audit.device_reports import DeviceReports
from testigo_vault.documents.archive import documents_of
from testigo_vault.identity.keys import StreamKeyOpener
from testigo_vault.identity.organisation import Organisation
from testigo_vault.identity.users import Users
from testigo_vault.storage.copies import Store
from testigo_vault.storage.database import Database


class Vault:
    """An opened vault folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.organisation = Organisation(folder)
        self.config = self.organisation.config
        self.documents = documents_of(self.organisation)
        self.database = Database(self.config.index.url)
        self.store = Store(self.config.copies)
        self.users = Users(self.database)
        self.alarms = Alarms(folder, self.database)
        self.device_reports = DeviceReports(self.database, self.alarms)
        self.log = AccessLog(folder, self.database)
        self._index_key: StreamKeyOpener | None = None

    @property
    def index_key(self) -> StreamKeyOpener:
        if self._index_key is None:
            self._index_key = self.organisation.index_key()
        return self._index_key

    def close(self) -> None:
        self.database.close()
