"""What a human must do: calls and visits that conversations asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from storage.access import Viewer, grant, within
from storage.ids import instant
from storage.sealed import Keys, place, unseal_document
from storage.tables import chats, submissions, tasks
from storage.turn import Document


@dataclass(frozen=True, slots=True)
class OpenTask:
    """One thing to do. `detail` is None when its person was erased meanwhile, or is not for this
    viewer: it may hold a telephone number."""

    id: int
    kind: str
    created_at: datetime
    platform: str
    chat_id: int
    submission_id: int | None
    detail: Document | None


def open_tasks(connection: Connection, keys: Keys, viewer: Viewer) -> Sequence[OpenTask]:
    """Return what is not done yet, oldest first. Raises Denied."""
    hide = grant(viewer, "see_tasks").form != "full"
    found = connection.execute(
        select(tasks, chats.c.platform, submissions.c.data_key)
        .join(chats, chats.c.id == tasks.c.chat_id)
        .outerjoin(submissions, submissions.c.id == tasks.c.submission_id)
        .where(tasks.c.done_at.is_(None), within(viewer, "see_tasks", tasks))
        .order_by(tasks.c.id)
    )
    return [_open_task(keys, row, hide=hide) for row in found]


def _open_task(keys: Keys, row: Row[Any], *, hide: bool) -> OpenTask:
    where = (row.platform, row.chat_id, row.submission_id)
    about = (row.id, row.kind, instant(row.created_at), *where)
    if hide or (row.submission_id is not None and row.data_key is None):
        return OpenTask(*about, None)
    key = keys.data_key(row.submission_id, row.data_key) if row.data_key else keys.office
    return OpenTask(*about, unseal_document(key, row.detail, place("tasks", "detail", row.id)))
