"""One submission opened by somebody who may see it; that they looked is kept."""

from datetime import datetime

from sqlalchemy import Connection, select

from storage.access import Viewer, grant, within
from storage.desk import Context
from storage.ids import instant
from storage.notes import note_access
from storage.submissions import COLUMNS, Record, record_of
from storage.tables import submissions


def open_record(
    connection: Connection,
    context: Context,
    viewer: Viewer,
    receipt: str,
    *,
    why: str = "",
    now: datetime,
) -> Record | None:
    """Return what was handed in under this receipt; None when there is none this viewer may see.

    With `why` the numbers are shown to those who may reveal them, and the reason is kept. Raises
    Denied. The caller commits before anybody sees it.
    """
    action = "reveal_record" if why else "read_record"
    form = grant(viewer, action)
    wanted = select(*(submissions.c[name] for name in COLUMNS)).where(
        within(viewer, action, submissions),
        submissions.c.receipt == receipt,
        submissions.c.record.is_not(None),
    )
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    about = {"unit": row.unit, "submission_id": row.id, "why": why}
    note_access(connection, context, viewer, action, **about)
    hide = form.form_at(instant(row.handed_in_at), now) != "full"
    return record_of(context.keys, row, hide=hide)
